import { expect, test } from "vitest";
import { addressOfBytes, Networks } from "../../shared/process/networks.ts";
import { addressIn, addressOf, keyOf } from "./address.ts";
import type { Request } from "./engine.ts";

const keyOfBytes = (bytes: number[]) => keyOf(addressOfBytes(Uint8Array.from(bytes)));

test("an IPv4 address is itself, also mapped into IPv6; an IPv6 address is its /64", () => {
  const mapped = [...Array<number>(10).fill(0), 255, 255, 10, 0, 0, 1];
  expect(keyOfBytes([10, 0, 0, 1])).toBe("0a000001");
  expect(keyOfBytes(mapped)).toBe("0a000001");
  const of64 = (last: number) => keyOfBytes([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, last]);
  expect(of64(1)).toBe(of64(2));
  expect(of64(1)).toBe("20010db800010002");
});

test("an address that a proxy wrote has the key of the one that connects itself", () => {
  const key = (text: string) => keyOf(addressIn(text)!);
  for (const text of ["10.0.0.1", "10.0.0.1:4711", "::ffff:10.0.0.1", "[::FFFF:a00:1]:80"])
    expect(key(text)).toBe("0a000001");
  for (const text of [
    "2001:db8:1:2::",
    "2001:0db8:0001:0002:1:2:3:4",
    "[2001:db8:1:2::1]",
    "2001:db8:1:2::9%eth0",
  ])
    expect(key(text)).toBe("20010db800010002");
  expect([key("::1"), key("fe80::1"), key("1::")]).toEqual([
    "0000000000000000",
    "fe80000000000000",
    "0001000000000000",
  ]);
  for (const text of ["", "unknown", "_hidden", "10.0.0", "[]", "1::2::3"])
    expect(addressIn(text)).toBeUndefined();
});

/** A request from a peer, with these lines of the header. */
function from(peer: string, ...lines: string[]): Request {
  const asked = { method: "GET", path: "/", query: "", header: () => "" };
  const eachHeader: Request["eachHeader"] = (line) => {
    for (const value of lines) line("x-forwarded-for", value);
  };
  return { ...asked, peer: Uint8Array.from(addressIn(peer)!.toByteArray()), eachHeader };
}
const proxies = {
  header: "x-forwarded-for",
  networks: new Networks(["loopback", "10.1.0.0/16", "2001:db8::/32"]),
};
const counted = (peer: string, ...lines: string[]) => addressOf(from(peer, ...lines), proxies);
const key = (text: string) => keyOf(addressIn(text)!);

test("who isn't a trusted proxy counts as itself, whatever it says", () => {
  expect(counted("10.2.0.1", "192.0.2.7")).toBe(key("10.2.0.1"));
  expect(counted("2001:db9::1", "192.0.2.7")).toBe(key("2001:db9::1"));
  expect(addressOf(from("127.0.0.1", "192.0.2.7"), undefined)).toBe(key("127.0.0.1"));
});

test("behind trusted proxies the first address from the end that isn't one of them counts", () => {
  expect(counted("127.0.0.1", "192.0.2.7")).toBe(key("192.0.2.7"));
  expect(counted("::ffff:127.0.0.1", "192.0.2.7")).toBe(key("192.0.2.7"));
  expect(counted("127.0.0.1", "1.1.1.1, 192.0.2.7, 10.1.2.3", "2001:db8::5")).toBe(key("192.0.2.7"));
  expect(counted("127.0.0.1", "1.1.1.1", "192.0.2.7,10.1.2.3:4711")).toBe(key("192.0.2.7"));
  expect(counted("127.0.0.1", "192.0.2.7, unknown")).toBe("unknown");
  expect(counted("127.0.0.1", "x".repeat(9_000))).toBe("x".repeat(64));
});

test("a trusted proxy that says nothing counts as itself", () => {
  expect(counted("10.1.0.1")).toBe(key("10.1.0.1"));
  expect(counted("10.1.0.1", " , ")).toBe(key("10.1.0.1"));
});

test("a network is an address, a range or a name, and anything else is named", () => {
  const has = (list: string, text: string) => new Networks([list]).has(addressIn(text)!);
  expect([has("10.0.0.1", "10.0.0.1"), has("10.0.0.1", "10.0.0.2"), has("0.0.0.0/0", "::1")]).toEqual([
    true,
    false,
    false,
  ]);
  expect([has("private", "172.31.255.1"), has("private", "172.32.0.1"), has("private", "fd00::1")]).toEqual([
    true,
    false,
    true,
  ]);
  expect([
    has("loopback", "127.8.8.8"),
    has("loopback", "::1"),
    has("10.0.0.0/8", "::ffff:10.9.9.9"),
  ]).toEqual([true, true, true]);
  for (const none of [
    "",
    "10",
    "10.0.0.0/33",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "::/129",
    "localhost",
    "0x7f.1",
  ])
    expect(() => new Networks([none])).toThrow(`${none} is no network`);
});
