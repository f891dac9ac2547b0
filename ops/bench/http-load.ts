/**
 * Posts candidates from a number of connections, each as soon as the one before is answered, in a process of its own. Every
 * candidate has a fresh key, and a user has five at most, so that nothing but the way in is measured.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";

export type Load = {
  /** With the path. */
  url: string;
  token: string;
  realm: string;
  connections: number;
  /** Candidates in a request; 1 is a single one, more an array. */
  items: number;
  seconds: number;
  /** Makes the keys and users those of this run. */
  run: string;
};
/** Requests that got a 2xx, and what that took. */
export type Loaded = { answered: number; seconds: number };

const EVENTS_PER_USER = 5;

/** Runs the load to its end. */
export async function runLoad(load: Load): Promise<Loaded> {
  const child = fork(import.meta.filename, [JSON.stringify(load)]);
  const [loaded] = (await once(child, "message")) as [Loaded];
  return loaded;
}

function bodies({ realm, items, run }: Load): () => string {
  const occurred_at = new Date().toISOString();
  const rest =
    `"v":1,"realm_id":"${realm}","source":"combat_milestone","event_type":"territory_push",` +
    '"territory_id":"iron_gate","faction_id":"empire","action_key":"combat.skirmish","category":"combat",' +
    `"base_points":80,"stakes":6000,"significance":4000,"spend_tier":0,"occurred_at":"${occurred_at}"`;
  let n = 0;
  const one = () => {
    const user = `${run}-${Math.floor(n / EVENTS_PER_USER)}`;
    return (
      `{"idempotency_key":"${run}-bench-key-${n++}","user_id":"${user}","device_id":"d-${user}",` +
      `"session_id":"s-${user}",${rest}}`
    );
  };
  return items === 1 ? one : () => `[${Array.from({ length: items }, one).join(",")}]`;
}

if (import.meta.main) {
  const load = JSON.parse(process.argv[2]!) as Load;
  const next = bodies(load);
  const { origin, pathname } = new URL(load.url);
  const result = await autocannon({
    url: origin,
    connections: load.connections,
    duration: load.seconds,
    requests: [
      {
        method: "POST",
        path: pathname,
        headers: { "content-type": "application/json", authorization: `Bearer ${load.token}` },
        setupRequest: (request) => ({ ...request, body: next() }),
      },
    ],
  });
  const loaded: Loaded = { answered: result["2xx"], seconds: result.duration };
  process.send!(loaded);
  process.disconnect();
}
