import { expect, test } from "vitest";
import { toPostgresJson, toPostgresJsonText } from "./postgres-json.ts";

test("NUL is kept as the text of its escape, in values and in keys", () => {
  expect(JSON.parse(toPostgresJsonText({ "a\0b": ["x\0"] }))).toEqual({ "a\\u0000b": ["x\\u0000"] });
});

test("half of a surrogate pair becomes U+FFFD, a whole pair stays", () => {
  expect(toPostgresJson('["\\ud83d","\\ud83d\\ude00"]')).toBe('["\ufffd","😀"]');
});

test("a backslash before the letters u0000 is no NUL", () => {
  const text = JSON.stringify(["\\u0000"]);
  expect(JSON.parse(toPostgresJson(text))).toEqual(["\\u0000"]);
});

test("what Postgres takes as it is comes back as it was", () => {
  const text = '{"b":1,"a":"quote \\" and \\\\"}';
  expect(toPostgresJson(text)).toBe(text);
});

test("a key __proto__ is a key", () => {
  expect(toPostgresJson('{"__proto__":{"a":"\\u0000"}}')).toBe('{"__proto__":{"a":"\\\\u0000"}}');
});
