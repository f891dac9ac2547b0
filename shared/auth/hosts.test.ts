import { expect, test } from "vitest";
import { hostCheck } from "./hosts.ts";

const FOREIGN = [
  "evil.example",
  "evil.example:8081",
  "127.0.0.1.evil.example",
  "localhost.evil.example:80",
  "10.0.0.1",
];
const LOOPBACK = [
  "localhost",
  "localhost:8081",
  "LOCALHOST",
  "app.localhost:1",
  "127.0.0.1:8080",
  "127.1.2.3",
  "[::1]:8081",
  "[::1]",
];

const OWN = { AMOI_HOST: "127.0.0.1" };

test("the address that the server listens on is one of its names, unless it is every address", () => {
  const at = (AMOI_HOST: string) => hostCheck({ MODE: "local", AMOI_HOST });
  expect(at("192.168.1.7")("192.168.1.7:8081")).toBe(true);
  expect(at("fd00::7")("[fd00::7]:8081")).toBe(true);
  expect(at("0.0.0.0")("192.168.1.7:8081")).toBe(false);
});

test("local mode answers loopback names and nobody else's", () => {
  const isAskedFor = hostCheck({ ...OWN, MODE: "local" });
  for (const host of LOOPBACK) expect(isAskedFor(host), host).toBe(true);
  for (const host of [...FOREIGN, undefined, ""]) expect(isAskedFor(host), host).toBe(false);
});

test("names that are told besides are answered too, and `*` is any", () => {
  const isAskedFor = hostCheck({ ...OWN, MODE: "local", AMOI_HOSTS: ["world.example", "10.0.0.1"] });
  for (const host of [...LOOPBACK, "world.example:443", "World.Example", "10.0.0.1:8080"])
    expect(isAskedFor(host), host).toBe(true);
  expect(isAskedFor("evil.example")).toBe(false);
  expect(hostCheck({ ...OWN, MODE: "local", AMOI_HOSTS: ["*"] })("evil.example")).toBe(true);
});

test("production answers any name unless it is told some", () => {
  expect(hostCheck({ ...OWN, MODE: "production" })("world.example")).toBe(true);
  expect(hostCheck({ ...OWN, MODE: "production", AMOI_HOSTS: ["world.example"] })("evil.example")).toBe(
    false,
  );
});
