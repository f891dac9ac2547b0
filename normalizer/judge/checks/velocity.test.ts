import { expect, test } from "vitest";
import { RULES } from "../../testing/builders.ts";
import { heatReason, userHeatRules, velocityReason } from "./velocity.ts";

const { heat } = RULES.judgement;
type Hits = Parameters<typeof velocityReason>[0];
const COLD: Hits = {
  user_burst: 0,
  user_drip: 0,
  session_burst: 0,
  device_burst: 0,
  device_drip: 0,
  device_turns: 0,
  fingerprint: 0,
};
const KEYS = ["user_burst", "user_drip", "session_burst", "device_burst", "device_drip"] as const;

test.each(KEYS)("%s is rejected from its limit on, and not one hit below", (key) => {
  const limit = heat[key].reject;
  expect(velocityReason({ ...COLD, [key]: limit - 1 }, true, heat)).toBeUndefined();
  expect(velocityReason({ ...COLD, [key]: limit }, true, heat)).toBe(`velocity_${key.split("_")[0]}`);
});

test.each(KEYS)("%s is quarantined from its limit on, and not one hit below", (key) => {
  const limit = heat[key].quarantine;
  const [of, kind] = key.split("_");
  expect(heatReason({ ...COLD, [key]: limit - 1 }, true, heat)).toBeUndefined();
  expect(heatReason({ ...COLD, [key]: limit }, true, heat)).toBe(`${kind}_${of}`);
});

test("an event without a device has half of a user's limits, and at least one", () => {
  const { reject, quarantine } = heat.user_burst;
  expect(userHeatRules(heat.user_burst, false)).toMatchObject({
    reject: Math.floor(reject / 2),
    quarantine: Math.floor(quarantine / 2),
  });
  expect(userHeatRules({ leak_seconds: 1, quarantine: 1, reject: 1 }, false)).toMatchObject({
    quarantine: 1,
    reject: 1,
  });
  expect(velocityReason({ ...COLD, user_burst: Math.floor(reject / 2) }, false, heat)).toBe("velocity_user");
  expect(velocityReason({ ...COLD, user_burst: Math.floor(reject / 2) - 1 }, false, heat)).toBeUndefined();
});
