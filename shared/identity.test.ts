import { expect, test } from "vitest";
import { commandId, eventId } from "./identity.ts";

test("ids are the first 26 characters of lower-case base32 of SHA-256, as any language computes them", () => {
  // printf 'amoi-1\nada\nkey-00000001' | openssl sha256 -binary | base32 | tr A-Z a-z | cut -c1-26
  expect(eventId("amoi-1", "ada", "key-00000001")).toBe("5ay62j5zjfcquyajfrvshktnle");
  expect(commandId("amoi-1", "key-00000001")).toBe("6xe2v3h3ptjxmg6zb4neyrcwan");
});
