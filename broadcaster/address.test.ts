import { expect, test } from "vitest";
import { keyOf } from "./address.ts";

test("an IPv4 address is itself, also mapped into IPv6; an IPv6 address is its /64", () => {
  const mapped = [...Array<number>(10).fill(0), 255, 255, 10, 0, 0, 1];
  expect(keyOf(Uint8Array.of(10, 0, 0, 1))).toBe("0a000001");
  expect(keyOf(Uint8Array.from(mapped))).toBe("0a000001");
  const of64 = (last: number) => Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, last]);
  expect(keyOf(of64(1))).toBe(keyOf(of64(2)));
  expect(keyOf(of64(1))).toBe("20010db800010002");
});
