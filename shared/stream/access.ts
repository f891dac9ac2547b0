/**
 * Who may do what on NATS, as data. The servers' configuration is made from it (`ops/tools/nats-config/`), clients find their
 * account in it, and `ops/tools/nats-config/permissions.e2e.test.ts` tries every subject with every user.
 *
 * Permissions within an account protect no stream: a publisher names a *reply* subject, and the server's answer is stored there.
 * So users that must not write are in accounts of their own, which reach WORLD through single subjects.
 */

export type Account = "WORLD" | "READ" | "STORY";

/** What a user may publish and subscribe to, as its own account names it. */
export type Grant = {
  account: Account;
  publish: readonly string[];
  /** Exceptions from `publish`. */
  never?: readonly string[];
  subscribe: readonly string[];
  /** It may answer requests. */
  answers?: true;
};

/** JetStream's API as READ sees it. */
export const READ_API = "JS.world.API";
/**
 * READ's consumers are made by the provision service (`ops/provision/consumer-gate.ts`): a consumer with a `deliver_subject` of
 * its own choice would write every message of one stream into another.
 */
export const CONSUMER_GATE = "provision.consumer";
/** How names of consumers begin, by account. READ gets no other names, so that it can't take one that a stage needs. */
export const CONSUMER_PREFIX = { WORLD: "r-", READ: "x-" } as const;

/** The inbox of a user's answers, which no other user may read. */
export const inboxOf = (user: string) => `_INBOX_${user}`;
/** Where the answers of a client come that was told nothing. */
const DEFAULT_INBOX = "_INBOX.>";

/** What a reader asks of JetStream. `>` or `*` stand for any stream: no wildcard says "every `WORLD_…`". */
const readingBy = (api: string) => [
  `${api}.STREAM.INFO.*`,
  `${api}.STREAM.MSG.GET.*`,
  `${api}.CONSUMER.CREATE.>`,
  `${api}.CONSUMER.INFO.*.*`,
  `${api}.CONSUMER.MSG.NEXT.*.*`,
  // Of any consumer whose name is known. Those that we make have 128 random bits (`shared/stream/random-name.ts`), and no list
  // shows them.
  `${api}.CONSUMER.DELETE.*.*`,
];
const reading = readingBy("$JS.API");
const readingFromOutside = readingBy(READ_API);
/** All that names one stream. */
const of = (api: string, stream: string) => [
  `${api}.STREAM.INFO.${stream}`,
  `${api}.STREAM.MSG.GET.${stream}`,
  `${api}.CONSUMER.CREATE.${stream}.>`,
  `${api}.CONSUMER.INFO.${stream}.*`,
  `${api}.CONSUMER.MSG.NEXT.${stream}.*`,
  `${api}.CONSUMER.DELETE.${stream}.*`,
];
/** Only the normalizer and game masters read the normalizer's memory of players. */
const noMemories = of(READ_API, "KV_caps");
const announcing = (stage: string) => `$KV.workers.${stage}.>`;

/** Requests that the provision service answers. */
export const PROVISION = {
  realm: "provision.realm",
  bucket: "provision.bucket",
  purge: "provision.purge",
  end: "provision.end",
} as const;

const stage = (name: string, writes: readonly string[]): Grant => ({
  account: "WORLD",
  publish: [...writes, `position.${name}.*`, announcing(name), PROVISION.bucket, ...reading],
  subscribe: [`${inboxOf(name)}.>`],
});

/** Every user but the story engines. */
export const USERS = {
  provision: { account: "WORLD", publish: [">"], subscribe: [">"] },
  ingest: stage("ingest", [
    "impact.raw.*",
    "command.raw.*",
    "command.player.*",
    "impact.valid.*",
    "impact.rejected.*",
    "command.valid.*",
    PROVISION.realm,
    PROVISION.purge,
    PROVISION.end,
    "world.context.*",
    "world.check.*",
  ]),
  normalizer: stage("normalizer", [
    "events.accepted.*",
    "events.quarantined.*",
    "events.rejected.*",
    "events.command.*",
    "$KV.caps.>",
  ]),
  simulator: stage("simulator", [
    "events.handover.*",
    "events.tick.*",
    "world.tick.*",
    "world.delta.*",
    "world.notices.*",
    "world.commands.*",
    "world.snapshot.*",
    "world.pulse.*",
    "command.raw.*",
    "$KV.world.>",
  ]),
  broadcaster: {
    account: "READ",
    publish: [...readingFromOutside, announcing("broadcaster"), PROVISION.bucket],
    never: noMemories,
    subscribe: [`${inboxOf("broadcaster")}.>`, "world.pulse.*", "world.context.*", "world.check.*", "$SRV.>"],
    answers: true,
  },
  archive: {
    account: "READ",
    publish: [...readingFromOutside, announcing("archive"), PROVISION.bucket],
    never: noMemories,
    subscribe: [`${inboxOf("archive")}.>`],
  },
  operator: {
    account: "READ",
    publish: [...readingFromOutside, `${READ_API}.STREAM.LIST`, `${READ_API}.STREAM.NAMES`, "$SRV.>"],
    never: noMemories,
    subscribe: [`${inboxOf("operator")}.>`, DEFAULT_INBOX, "world.pulse.*"],
  },
} satisfies Record<string, Grant>;
export type User = keyof typeof USERS;
export const USER_NAMES = Object.keys(USERS) as User[];

/** The story engine of a deployment that has one. It alone of the engines may use a client's default inboxes. */
export const STORY_USER = "story";
export type StoryEngine = { name: string /** Absent: all. */; realms?: readonly string[] };

/** What a story engine may do. */
export function storyGrant({ name, realms = ["*"] }: StoryEngine): Grant {
  const asks = (realm: string) => [
    `impact.raw.${realm}`,
    `command.player.${realm}`,
    `world.context.${realm}`,
    `world.check.${realm}`,
  ];
  return {
    account: "STORY",
    publish: realms.flatMap(asks),
    subscribe: [`${inboxOf(name)}.>`, ...(name === STORY_USER ? [DEFAULT_INBOX] : [])],
  };
}

/** What passes from account to account. `as`: its name in the importing account. */
export type Passage = {
  from: Account;
  to: Account;
  subject: string;
  as?: string;
  kind: "request" | "request with many answers" | "messages";
};

const apiPassage = (path: string, kind: Passage["kind"] = "request"): Passage => ({
  from: "WORLD",
  to: "READ",
  subject: `$JS.API.${path}`,
  as: `${READ_API}.${path}`,
  kind,
});
const storyPassage = (subject: string): Passage => ({ from: "WORLD", to: "STORY", subject, kind: "request" });
/** The broadcaster answers these. */
const answered = (to: Account) =>
  ["world.context.*", "world.check.*"].map(
    (subject): Passage => ({ from: "READ", to, subject, kind: "request" }),
  );

export const PASSAGES: readonly Passage[] = [
  storyPassage("impact.raw.*"),
  storyPassage("command.player.*"),
  ...answered("STORY"),
  ...answered("WORLD"),
  apiPassage("STREAM.INFO.*"),
  apiPassage("STREAM.LIST"),
  apiPassage("STREAM.NAMES"),
  apiPassage("STREAM.MSG.GET.*"),
  apiPassage("CONSUMER.INFO.*.*"),
  apiPassage("CONSUMER.DELETE.*.*"),
  apiPassage("CONSUMER.MSG.NEXT.*.*", "request with many answers"),
  {
    from: "WORLD",
    to: "READ",
    subject: `${CONSUMER_GATE}.>`,
    as: `${READ_API}.CONSUMER.CREATE.>`,
    kind: "request",
  },
  { from: "WORLD", to: "READ", subject: announcing("broadcaster"), kind: "request" },
  { from: "WORLD", to: "READ", subject: announcing("archive"), kind: "request" },
  { from: "WORLD", to: "READ", subject: "world.pulse.*", kind: "messages" },
  { from: "WORLD", to: "READ", subject: PROVISION.bucket, kind: "request" },
];

/** The account of a user; a user that isn't listed is a story engine. */
export const accountOf = (user: string): Account => (user in USERS ? USERS[user as User].account : "STORY");
