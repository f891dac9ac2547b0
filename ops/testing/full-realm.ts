/** For tests of documents: a realm in which, within seconds, nearly everything has happened, and a broadcaster that shows it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Candidate } from "../../shared/contracts/candidate.ts";
import type { Actor, CommandKind, DecidedCommand } from "../../shared/contracts/command.ts";
import type { Quarantined } from "../../shared/contracts/decision.ts";
import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import { commandId } from "../../shared/exact/identity.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { commandMsgId, eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { launch } from "../local/launch.ts";
import { pickPort } from "../local/ports.ts";
import { livelyRules } from "./lively-rules.ts";
import { type TestNats, testNats, urlOf } from "./nats.ts";
import { bodiesIn, candidate, runStages, sendCandidate, testRealm, until } from "./realm.ts";

const BROADCASTER = fileURLToPath(new URL("../../broadcaster/main.ts", import.meta.url));
const USERS = 25;

export type FullRealm = {
  nats: TestNats;
  realm: string;
  /** Of the public port. */
  port: number;
  url: string;
  /** What happens; who wants to see it as it does is connected by then. */
  live(): Promise<void>;
  close(): Promise<void>;
};

/** `folder`: where the broadcaster's log goes. */
export async function fullRealm(realm: string, folder: string): Promise<FullRealm> {
  const nats = await testNats();
  await testRealm(nats.bus, realm, await livelyRules());
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer", "simulator"]);
  const [port, operations] = [await pickPort(), await pickPort()];
  const broadcaster = await launch({
    name: "broadcaster",
    command: process.execPath,
    args: [BROADCASTER],
    env: {
      PATH: process.env.PATH,
      NATS_URL: urlOf(nats.url, "broadcaster"),
      FEED_PORT: `${port}`,
      BROADCASTER_PORT: `${operations}`,
      AMOI_READS_PER_MINUTE: "10000",
    },
    logFile: join(folder, "broadcaster.log"),
    probe: async () => (await fetch(`http://127.0.0.1:${operations}/readyz`)).ok,
  });
  return {
    nats,
    realm,
    port,
    url: `http://127.0.0.1:${port}`,
    live: () => new Life(nats, realm).live(),
    close: async () => {
      await broadcaster.stop();
      await stages.stop();
      await nats.close();
    },
  };
}

class Life {
  readonly #nats: TestNats;
  readonly #realm: string;
  #said = 0;

  constructor(nats: TestNats, realm: string) {
    this.#nats = nats;
    this.#realm = realm;
  }

  async live(): Promise<void> {
    await this.#misbehave();
    await this.#everybody("freeholds", { territory_id: "hollow_cross" });
    for (const faction of ["empire", "freeholds"])
      await this.#say("resource.grant", { faction, resource: "iron", amount: 100_000 });
    await this.#tick();
    const [levy] = await this.#decide();
    await this.#everybody("freeholds", { territory_id: "hollow_cross", base_points: 90 });
    for (const faction of ["empire", "freeholds"])
      for (const relic_id of ["tide_bell", "ember_crown"])
        await this.#everybody(faction, { event_type: "relic_claim", relic_id, source: "rare_discovery" });
    await this.#tick();
    await this.#say(
      "sovereign.counter",
      { action: levy, faction: "freeholds", stake: 32_000 },
      "freeholds-1",
    );
    await this.#everybody("freeholds", { campaign_id: "long_road", base_points: 70 });
    await this.#review();
    for (let i = 0; i < 14; i++) await this.#tick();
    await this.#reform();
    await this.#tick();
  }

  /** What the gate and the judgement don't let through. */
  async #misbehave(): Promise<void> {
    const raw = (subject: string, data: string, msgId: string) =>
      publishOne(this.#nats.bus, { subject, data, msgId });
    const [candidates, commands] = [subjects.rawCandidate(this.#realm), subjects.rawCommand(this.#realm)];
    const wrong = candidate(this.#realm, { base_points: 0 });
    await raw(candidates, "{", "no-json");
    await raw(candidates, JSON.stringify(wrong), "no-candidate");
    await raw(commands, JSON.stringify({ v: 1, kind: "nothing" }), "no-command");
    const first = candidate(this.#realm, { user_id: "twice" });
    await raw(candidates, JSON.stringify(first), "first");
    await raw(candidates, JSON.stringify(first), "second");
    for (let i = 0; i < 25; i++)
      await sendCandidate(
        this.#nats.bus,
        candidate(this.#realm, { user_id: "hasty", session_id: "s", base_points: i + 1 }),
      );
  }

  /** One deed of each of a faction's users. */
  async #everybody(faction_id: string, change: Partial<Candidate>): Promise<void> {
    const territory = change.relic_id === undefined ? {} : { territory_id: undefined };
    for (let i = 0; i < USERS; i++)
      await sendCandidate(
        this.#nats.bus,
        candidate(this.#realm, { user_id: `${faction_id}-${i}`, faction_id, ...territory, ...change }),
      );
  }

  /** Factions, game masters and players decide something. The ids of the proposals. */
  async #decide(): Promise<string[]> {
    const options = [
      { text: "As it is", effects: [] },
      { text: "Wear grey", effects: [{ do: "style", id: "grey", ticks: 5 }] },
    ];
    await this.#say("council.open", { faction: "freeholds", options });
    await this.#say("council.vote", { user: "freeholds-2", faction: "freeholds", option: 1 }, "freeholds-2");
    await this.#say("decree", {
      text: "The gates stay shut.",
      effects: [
        { do: "chain", id: "shut_gates", ticks: 8 },
        { do: "quest_pool", id: "keys", op: "add", ticks: 3 },
        { do: "modify", name: "push_weight_bp", faction: "!empire", add: -300, ticks: 3 },
        { do: "meter", name: "tension", add: 500 },
      ],
    });
    await this.#say("campaign.open", { id: "long_road", goal: 100, min_contributors: 5, ticks: 6 });
    await this.#say("campaign.close", { id: "no_such_road" });
    await this.#say("member.join", { user: "newcomer", faction: "veilborn", cohort: "friends" });
    const levy = await this.#say("sovereign.propose", { action_type: "iron_levy", faction: "empire" });
    return [levy.command_id];
  }

  async #review(): Promise<void> {
    const open = await until(async () => {
      const all = await bodiesIn<Quarantined>(
        this.#nats.bus,
        eventsStream(this.#realm),
        "events.quarantined",
      );
      return all.length > 1 && all.map(({ body }) => body);
    });
    for (const [i, kind] of (["review.release", "review.reject"] as const).entries())
      await this.#say(kind, { event: open[i]!.event_id, note: "looked at", decision: { ...open[i]! } });
  }

  /** Other rules, and another season. */
  async #reform(): Promise<void> {
    const ruleset = await livelyRules();
    await this.#say("shadow.set", { ruleset });
    await this.#say("shadow.clear", {});
    await this.#say("ruleset.set", { ruleset: { ...ruleset, tick_seconds: 4 }, note: "slower" });
    await this.#say("season.close", {});
    await this.#tick();
    await this.#everybody("veilborn", {});
    await this.#say("season.open", {});
    await this.#say("realm.status", { status: "maintenance" });
    await this.#say("realm.status", { status: "active" });
  }

  /** Says a command and waits for the normalizer's word on it. Without a user it is a game master's. */
  async #say(kind: CommandKind, payload: object, user?: string): Promise<DecidedCommand> {
    const idempotency_key = `said-in-life-${++this.#said}`;
    const actor: Actor = user === undefined ? { type: "gm", id: "gm" } : { type: "player", id: user };
    await publishOne(this.#nats.bus, {
      subject: subjects.rawCommand(this.#realm),
      data: JSON.stringify({ v: 1, idempotency_key, realm_id: this.#realm, kind, actor, payload }),
      msgId: commandMsgId(actor, idempotency_key),
    });
    const id = commandId(this.#realm, actor, idempotency_key);
    return until(async () => {
      const all = await bodiesIn<DecidedCommand>(this.#nats.bus, eventsStream(this.#realm), "events.command");
      return all.find(({ body }) => body.command_id === id)?.body;
    });
  }

  /** Runs a tick that counts everything said before. */
  async #tick(): Promise<void> {
    const { idempotency_key } = await this.#say("tick.run", {});
    const stream = eventsStream(this.#realm);
    await until(async () => {
      const markers = await bodiesIn<TickMarker>(this.#nats.bus, stream, "events.tick");
      const marker = markers.find(({ body }) => body.key === idempotency_key);
      if (marker === undefined) return undefined;
      const records = await bodiesIn<TickRecord>(this.#nats.bus, worldStream(this.#realm), "world.tick");
      return records.some(({ body }) => body.tick === marker.body.tick);
    });
  }
}
