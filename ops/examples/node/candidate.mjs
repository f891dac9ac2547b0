// Publishes one candidate to NATS, as a story engine does, and waits until it is on disk.
import { readFileSync } from "node:fs";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const realm = process.env.REALM ?? "amoi-1";
const url = new URL(
  process.env.NATS_URL ?? JSON.parse(readFileSync(".data/credentials.json", "utf8")).nats.story,
);
const candidate = {
  v: 1,
  idempotency_key: `node-${Date.now()}-${process.pid}`,
  realm_id: realm,
  faction_id: "empire",
  user_id: "ada",
  source: "combat_milestone",
  event_type: "territory_push",
  territory_id: "iron_gate",
  action_key: "combat.skirmish",
  category: "combat",
  base_points: 100,
  stakes: 6000,
  significance: 8000,
  occurred_at: new Date().toISOString(),
};

const connection = await connect({
  servers: url.host,
  user: decodeURIComponent(url.username),
  pass: decodeURIComponent(url.password),
});
const { seq, duplicate } = await jetstream(connection).publish(
  `impact.raw.${realm}`,
  JSON.stringify(candidate),
  {
    // A repeat with the same id is acknowledged, and counts nothing.
    msgID: `c.${candidate.user_id}.${candidate.idempotency_key}`,
  },
);
console.log(
  `candidate ${candidate.idempotency_key} is on disk as message ${seq}${duplicate ? ", a repeat" : ""}`,
);
await connection.close();
