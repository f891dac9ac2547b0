/**
 * Records a small `DATA_DIR` of the release that this file is run in, as a launcher leaves it that was ended in good order: the
 * stores of NATS and PostgreSQL, with one realm in the middle of things and one in maintenance. Tests of later releases start on
 * it. `node ops/testing/record-store.ts fixtures/store-<release>.tar.zst`
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { constants, zstdCompressSync } from "node:zlib";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { readEnv } from "../../shared/process/env.ts";
import { connecting } from "../../shared/stream/nats-connection.ts";
import { type Stack, startStack } from "../local/stack.ts";

const TOKEN = "local-internal-token";
const REALM = "amoi-1";
/** In maintenance when it is recorded, with events waiting. */
const PAUSED = "still-1";
const PLAYERS = 14;

const file = process.argv[2];
if (file === undefined) throw new Error("name the file to write, such as fixtures/store-engine-1.tar.zst");
const dataDir = mkdtempSync(join(tmpdir(), "amoisekai-record-"));

/** A realm that is spoken to over the internal API. */
class Recorder {
  readonly #stack: Stack;
  readonly #realm: string;
  #said = 0;

  constructor(stack: Stack, realm: string) {
    this.#stack = stack;
    this.#realm = realm;
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#stack.urls.internal}/internal/world/${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  candidate(user: string, faction: string, change: object): object {
    return {
      v: 1,
      idempotency_key: `recorded-${++this.#said}`,
      realm_id: this.#realm,
      faction_id: faction,
      user_id: user,
      device_id: `phone-of-${user}`,
      source: "combat_milestone",
      event_type: "territory_push",
      action_key: "combat.skirmish",
      category: "combat",
      base_points: 100,
      stakes: 6_000,
      significance: 8_000,
      occurred_at: new Date().toISOString(),
      ...change,
    };
  }

  /** A deed of each of a faction's players; answers the event ids. */
  async deeds(faction: string, change: object, players = PLAYERS): Promise<string[]> {
    const items = Array.from({ length: players }, (_, i) =>
      this.candidate(`${faction}-${i}`, faction, change),
    );
    const { results } = (await this.call("POST", "impact-candidate", items)) as {
      results: { event_id: string }[];
    };
    return results.map(({ event_id }) => event_id);
  }

  /** A game master's command, or a player's. Answers its id. */
  async say(kind: string, payload: object, player?: string): Promise<string> {
    const actor = player === undefined ? { type: "gm", id: "recorder" } : { type: "player", id: player };
    const idempotency_key = `recorded-${++this.#said}`;
    const body = { v: 1, idempotency_key, realm_id: this.#realm, kind, actor, payload };
    return ((await this.call("POST", "events/ingest", body)) as { command_id: string }).command_id;
  }

  async tick(): Promise<number> {
    const body = { realm_id: this.#realm, idempotency_key: `recorded-${++this.#said}` };
    return ((await this.call("POST", "tick/run", body)) as { tick: number }).tick;
  }

  /** Waits until an event was decided. */
  async decided(event: string): Promise<void> {
    for (let i = 0; i < 100; i++, await delay(20)) {
      const found = await this.call("GET", `${this.#realm}/events/${event}`).catch(() => undefined);
      if (found !== undefined) return;
    }
    throw new Error(`${event} was not decided`);
  }

  async quarantine(): Promise<string[]> {
    const page = (await this.call("GET", `${this.#realm}/quarantine`)) as { items: { event_id: string }[] };
    return page.items.map(({ event_id }) => event_id);
  }
}

/** What the gate doesn't let through. */
async function misbehave(stack: Stack): Promise<void> {
  const connection = await connect(connecting({ natsUrl: stack.natsOf("provision") }).options);
  const js = jetstream(connection);
  await js.publish(`impact.raw.${REALM}`, "{", { msgID: "no-json" });
  await js.publish(`impact.raw.${REALM}`, JSON.stringify({ v: 1 }), { msgID: "no-candidate" });
  await js.publish(`command.raw.${REALM}`, JSON.stringify({ v: 1, kind: "nothing" }), {
    msgID: "no-command",
  });
  await connection.close();
}

async function liveIn(stack: Stack): Promise<void> {
  const realm = new Recorder(stack, REALM);
  await misbehave(stack);
  // One who is too quick: most of it is held back for a person to look at.
  await realm.call(
    "POST",
    "impact-candidate",
    Array.from({ length: 18 }, (_, i) =>
      realm.candidate("hasty", "empire", { territory_id: "iron_gate", session_id: "s", base_points: i + 1 }),
    ),
  );
  await realm.deeds("freeholds", { territory_id: "hollow_cross" });
  for (const faction of ["empire", "freeholds"])
    await realm.say("resource.grant", { faction, resource: "iron", amount: 100_000 });
  await realm.say("member.join", { user: "newcomer", faction: "veilborn", cohort: "friends" });
  await realm.tick();
  for (let i = 0; i < 4; i++) {
    await realm.deeds("freeholds", { territory_id: "hollow_cross", action_key: `combat.siege.${i}` });
    await realm.tick();
  }
  const options = [
    { text: "As it is", effects: [] },
    { text: "Wear grey", effects: [{ do: "style", id: "grey", ticks: 40 }] },
  ];
  await realm.say("council.open", { faction: "freeholds", options });
  await realm.say("council.vote", { user: "freeholds-2", faction: "freeholds", option: 1 }, "freeholds-2");
  const effects = [
    { do: "chain", id: "shut_gates", ticks: 60 },
    { do: "modify", name: "push_weight_bp", faction: "!empire", add: -300, ticks: 3 },
    { do: "meter", name: "tension", add: 500 },
  ];
  await realm.say("decree", { text: "The gates stay shut.", effects });
  await realm.say("campaign.open", { id: "long_road", goal: 100_000, min_contributors: 5, ticks: 500 });
  await realm.say("campaign.close", { id: "no_such_road" });
  const levy = await realm.say("sovereign.propose", { action_type: "iron_levy", faction: "empire" });
  await realm.deeds("empire", { territory_id: "iron_gate", campaign_id: "long_road" });
  for (const faction of ["empire", "freeholds"])
    for (const relic_id of ["tide_bell", "ember_crown"])
      await realm.deeds(faction, { event_type: "relic_claim", relic_id, source: "rare_discovery" });
  await realm.tick();
  await realm.say("sovereign.counter", { action: levy, faction: "freeholds", stake: 20_000 }, "freeholds-1");
  await realm.deeds("freeholds", { territory_id: "hollow_cross", campaign_id: "long_road", base_points: 70 });
  const [released, refused] = await realm.quarantine();
  await realm.call("POST", `${REALM}/quarantine/${released}/release`, {
    actor: "recorder",
    note: "looked at",
  });
  await realm.call("POST", `${REALM}/quarantine/${refused}/reject`, { actor: "recorder", note: "looked at" });
  for (let i = 0; i < 4; i++) await realm.tick();
  const { ruleset } = (await realm.call("GET", `${REALM}/ruleset`)) as { ruleset: object };
  await realm.say("ruleset.set", { ruleset: { ...ruleset, tick_seconds: 4 }, note: "slower" });
  await realm.deeds("veilborn", { territory_id: "mist_fen" });
  for (let i = 0; i < 3; i++) await realm.tick();
  // What is in the middle of things when everything ends: a vote, a stake, a relic's claim, and deeds that no tick has yet.
  await realm.say("sovereign.propose", { action_type: "iron_levy", faction: "freeholds" });
  await realm.deeds("veilborn", {
    event_type: "relic_claim",
    relic_id: "night_loom",
    source: "rare_discovery",
  });
}

async function pauseIn(stack: Stack): Promise<void> {
  const realm = new Recorder(stack, PAUSED);
  const { ruleset } = (await realm.call("GET", `${REALM}/ruleset`)) as { ruleset: object };
  await realm.call("POST", "realms", { realm_id: PAUSED, name: "Still", ruleset });
  for (let i = 0; i < 2; i++) {
    await realm.call("POST", "impact-candidate", [
      realm.candidate("still-a", "freeholds", { territory_id: "salt_terrace" }),
      realm.candidate("still-b", "veilborn", { territory_id: "mist_fen" }),
    ]);
    await realm.tick();
  }
  await realm.say("realm.status", { status: "maintenance" });
  const { results } = (await realm.call("POST", "impact-candidate", [
    realm.candidate("still-a", "freeholds", { territory_id: "salt_terrace" }),
  ])) as { results: { event_id: string }[] };
  await realm.decided(results[0]!.event_id);
}

const environment = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  DATA_DIR: dataDir,
  AMOI_RULESET: "demo",
  TICK_SECONDS: "4",
  FEED_PORT: "0",
  INGEST_PORT: "0",
  NORMALIZER_PORT: "0",
  SIMULATOR_PORT: "0",
  BROADCASTER_PORT: "0",
  ARCHIVE_PORT: "0",
  PROVISION_PORT: "0",
};
const stack = await startStack(readEnv(environment), {
  environment,
  say: (line) => void process.stderr.write(`${line}\n`),
});
try {
  await pauseIn(stack);
  await liveIn(stack);
  const realm = new Recorder(stack, REALM);
  const last = await realm.tick();
  const events = await realm.deeds("empire", { territory_id: "iron_gate" }, 6);
  await realm.say("member.join", { user: "latecomer", faction: "empire" });
  await realm.decided(events.at(-1)!);
  // The archive commits within a second; the next marker is four away.
  await delay(1_500);
  process.stderr.write(`recorded: ${REALM} at tick ${last}, with deeds that no tick has yet\n`);
} finally {
  await stack.stop();
}

// What names this machine, its ports and paths, is written anew by every start.
for (const name of ["logs", "nats/nats.conf", "nats/port", "postgres/port", "postgres/data/postmaster.opts"])
  rmSync(join(dataDir, name), { recursive: true, force: true });
const packed = execFileSync(
  "tar",
  ["--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "."],
  {
    cwd: dataDir,
    maxBuffer: 2 ** 30,
  },
);
// Three of PostgreSQL's four databases are alike: a window that reaches across them makes the file a third as large.
const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_windowLog]: 26 };
writeFileSync(file, zstdCompressSync(packed, { params }));
rmSync(dataDir, { recursive: true });
process.exit();
