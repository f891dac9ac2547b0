/** The accounts of a NATS server's configuration, made from `shared/stream/access.ts`. */
import {
  type Account,
  type Grant,
  PASSAGES,
  type Passage,
  type StoryEngine,
  storyGrant,
  USER_NAMES,
  USERS,
} from "../../../shared/stream/access.ts";

/** How a user proves who it is: a password, as it is or as a bcrypt hash, or an nkey, of which the server has the public half. */
export type Proof = { password: string } | { nkey: string };

/**
 * After this the server forgets a request with many answers that got the last one. Without it each request for messages stays in
 * the server's memory, 0.7 KB of it, for as long as its reader listens: 25 000 of them took 17 MB and gave none back.
 */
const FORGOTTEN = "60s";

/** What one connection of outsiders may subscribe to: each subscription costs the server up to 4 KB of memory. */
const MAX_SUBSCRIPTIONS = { READ: 10_000, STORY: 1_000 };

/**
 * The largest message of a story engine: the longest receipt of a chapter has some 90 KB, and six times a candidate's limit tells one
 * that is too large why. It bounds what batches without a commit keep on the server's disk.
 */
const MAX_STORY_PAYLOAD_BYTES = 96 * 1024;

const ACCOUNTS: readonly Account[] = ["WORLD", "READ", "STORY"];

/**
 * `accounts { … }` as JSON, which is valid in a NATS configuration and quotes everything safely.
 * `proofOf` is asked for every user and story engine.
 */
export function accounts(engines: readonly StoryEngine[], proofOf: (user: string) => Proof): object {
  const grants: [string, Grant][] = [
    ...USER_NAMES.map((name): [string, Grant] => [name, USERS[name]]),
    ...engines.map((engine): [string, Grant] => [engine.name, storyGrant(engine)]),
  ];
  const account = (name: Account) => ({
    ...(name === "WORLD"
      ? { jetstream: "enabled" }
      : {
          limits: {
            max_subscriptions: MAX_SUBSCRIPTIONS[name],
            ...(name === "STORY" && { max_payload: MAX_STORY_PAYLOAD_BYTES }),
          },
        }),
    users: grants
      .filter(([, grant]) => grant.account === name)
      .map(([user, grant]) => ({ ...identity(user, proofOf(user)), permissions: permissions(grant) })),
    exports: exportsOf(name),
    imports: PASSAGES.filter(({ to }) => to === name).map(importOf),
  });
  return Object.fromEntries(ACCOUNTS.map((name) => [name, account(name)]));
}

const identity = (user: string, proof: Proof) =>
  "nkey" in proof ? { nkey: proof.nkey } : { user, password: proof.password };

const permissions = ({ publish, never, subscribe, answers }: Grant) => ({
  publish: { allow: publish, ...(never !== undefined && { deny: never }) },
  subscribe: { allow: subscribe },
  ...(answers && { allow_responses: { max: 1, expires: "10s" } }),
});

function exportsOf(name: Account): object[] {
  const passages = PASSAGES.filter(({ from }) => from === name);
  return [...new Set(passages.map(({ subject }) => subject))].map((subject) => {
    const same = passages.filter((passage) => passage.subject === subject);
    const importers = same.map(({ to }) => to);
    const { kind } = same[0]!;
    if (kind === "messages") return { stream: subject, accounts: importers };
    if (kind === "request") return { service: subject, accounts: importers, response_type: "singleton" };
    return { service: subject, accounts: importers, response_type: "stream", response_threshold: FORGOTTEN };
  });
}

function importOf({ from, subject, as, kind }: Passage): object {
  const source = { account: from, subject };
  if (kind === "messages") return { stream: source };
  return { service: source, ...(as !== undefined && { to: as }) };
}
