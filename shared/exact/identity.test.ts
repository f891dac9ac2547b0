import { expect, test } from "vitest";
import { commandMsgId } from "../stream/subjects.ts";
import { commandId, earlierCommandId, eventId } from "./identity.ts";

test("ids are the first 26 characters of lower-case base32 of SHA-256, as any language computes them", () => {
  // printf 'amoi-1\nada\nkey-00000001' | openssl sha256 -binary | base32 | tr A-Z a-z | cut -c1-26
  expect(eventId("amoi-1", "ada", "key-00000001")).toBe("5ay62j5zjfcquyajfrvshktnle");
  expect(commandId("amoi-1", { type: "gm", id: "any" }, "key-00000001")).toBe("6xe2v3h3ptjxmg6zb4neyrcwan");
});

test("one key of an operator, the steward and two players is four commands, and none is an event", () => {
  const key = "campaign.open.siege_call.13";
  const speakers = [
    { type: "gm", id: "linh" },
    { type: "system", id: "steward" },
    { type: "player", id: "m" },
    { type: "player", id: "s" },
  ] as const;
  const ids = speakers.map((actor) => commandId("r", actor, key));
  const events = ["s", "p", "ada"].map((user) => eventId("r", user, key));
  expect(new Set([...ids, ...events]).size).toBe(ids.length + events.length);
  expect(speakers.map((actor) => commandMsgId(actor, key))).toEqual([
    `m.${key}`,
    `s.${key}`,
    `p.m.${key}`,
    `p.s.${key}`,
  ]);
});

test("an operator's command has the id that the earlier release gave it, whoever the operator is", () => {
  const [linh, minh] = ["linh", "minh"].map((id) => commandId("r", { type: "gm", id }, "key-00000001"));
  expect([linh, minh]).toEqual(Array(2).fill(earlierCommandId("r", "key-00000001")));
});
