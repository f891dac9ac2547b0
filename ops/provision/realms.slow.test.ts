/** Two hundred realms on the launcher's kind of store: streams and provisioning alone, without the stages. */
import { expect, test } from "vitest";
import { readEnv } from "../../shared/process/env.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { realmTexts } from "../../shared/provision/realm-entries.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { rawBytes } from "../local/store-size.ts";
import { testNats } from "../testing/nats.ts";

const MIB = 1_024 * 1_024;
const REALMS = 200;

test("200 realms have room in a store of 4 GiB, and the first beyond the room of a small one leaves nothing behind", async () => {
  const ruleset = await loadRuleset("amoi-1");
  const { AMOI_RAW_MAX_BYTES: wanted } = readEnv({});
  const store = 4_096 * MIB;
  const large = await testNats({ maxStoreBytes: store });
  const make = (nats: typeof large, n: number, rawMaxBytes: number) =>
    provisionRealm(nats.bus, { realm: `r${n}`, name: `R${n}`, ruleset, replicas: 1, rawMaxBytes });
  try {
    for (let n = 0; n < REALMS; n++) await make(large, n, rawBytes(store, wanted));
    expect(await realmTexts(large.bus)).toHaveLength(REALMS);
  } finally {
    await large.close();
  }
  const small = await testNats({ maxStoreBytes: 64 * MIB });
  try {
    let made = 0;
    const refused = await (async () => {
      for (; ; made++) await make(small, made, 4 * MIB);
    })().catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 507 });
    expect(made).toBeGreaterThan(1);
    const left: string[] = [];
    for await (const name of small.bus.jsm.streams.names()) if (name.endsWith(`_r${made}`)) left.push(name);
    expect(left).toEqual([]);
    expect(await realmTexts(small.bus)).toHaveLength(made);
  } finally {
    await small.close();
  }
}, 300_000);
