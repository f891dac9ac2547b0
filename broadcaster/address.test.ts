import { expect, test } from "vitest";
import { bytesOf, keyOf } from "./address.ts";

test("an IPv4 address is itself, also mapped into IPv6; an IPv6 address is its /64", () => {
  const mapped = [...Array<number>(10).fill(0), 255, 255, 10, 0, 0, 1];
  expect(keyOf(Uint8Array.of(10, 0, 0, 1))).toBe("0a000001");
  expect(keyOf(Uint8Array.from(mapped))).toBe("0a000001");
  const of64 = (last: number) => Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, last]);
  expect(keyOf(of64(1))).toBe(keyOf(of64(2)));
  expect(keyOf(of64(1))).toBe("20010db800010002");
});

test("an address that a proxy wrote has the key of the one that connects itself", () => {
  const key = (text: string) => keyOf(bytesOf(text)!);
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
    expect(bytesOf(text)).toBeUndefined();
});
