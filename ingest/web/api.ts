/** The internal API as the page uses it: with the token, each refusal as an error that says why. */
import type { Clip, QuarantineReason, RejectReason } from "../../shared/contracts/decision.ts";
import type { PublicState } from "../../shared/contracts/world.ts";
import type { Told } from "../../shared/web/happenings.ts";
import type { RealmNames } from "../../shared/world/names.ts";
import type { Difference } from "../rulesets/diff.ts";

export type { Difference };

export type FieldProblem = { path: string; message: string };
/** Problem details; `status` 0 where the server did not answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: readonly FieldProblem[];
  constructor(status: number, detail: string, errors: readonly FieldProblem[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** `name`: under which what it does goes into the log. `realms`: the only ones; absent: any. */
export type Caller = { name: string; scopes: string[]; realms?: string[] };
export type Realm = { realm_id: string; name: string };
export type Standing = {
  realm_id: string;
  tick: number;
  hash: string;
  state: PublicState;
  names: RealmNames;
  events: Told[];
};
/** An event that waits, as the list has it. The page knows the API by its answers alone, not by the code behind them. */
type Item = {
  event_id: string;
  reason: QuarantineReason;
  error?: string;
  received_at: string;
  age_s: number;
  user_id: string;
  device_id?: string;
  faction_id: string;
  source: string;
  event_type: string;
  territory_id?: string;
  relic_id?: string;
  action_key: string;
  base_points: number;
  factors: { quality_bp: number; anti_spam_bp: number; fairness_bp: number };
  heat?: Record<string, number>;
};
export type Group = { key: string; count: number; oldest_age_s: number; by_reason: Record<string, number> };
type Counts = { open: number; oldest_age_s: number; by_reason: Record<string, number> };
export type Listed = { counts: Counts; matching: number; items?: Item[]; groups?: Group[]; next?: number };
/** What a release would give now, milli-points. */
export type Effect = {
  refusal?: RejectReason;
  points_after_caps: number;
  points_before_caps: number;
  clipped: Clip[];
  left: { source: number; user_day: number; device_day?: number };
  daily_cap_bucket: string;
};
export type Shown = Item & { decision: Record<string, unknown>; effect: Effect };
export type Reviewed = { event_id: string; status: string; points?: number; earliest_tick?: number };
export type BulkResult = Reviewed & { problem?: { detail: string } };
export type Version = { version: number; at: string; note?: string; changed: number; actor: { id: string } };
export type Described = { version: number; ruleset: object };
export type Filter = { reason?: string; user?: string; device?: string; fingerprint?: string };
export type Grouping = "reason" | "device" | "user" | "fingerprint";
/** `tick`: that decided it, where the world decides. */
export type CommandState = { status: "waiting" | "applied" | "refused"; reason?: string; tick?: number };
export type ReviewVerdict = "release" | "reject";

export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** Whose token it is, and what for. */
  caller = () => this.#call<Caller>("GET", "token");

  realms = async () => (await this.#call<{ realms: Realm[] }>("GET", "realms")).realms;
  standing = (realm: string) => this.#call<Standing>("GET", `${realm}/state`);

  quarantine = (realm: string, query: Filter & { group?: Grouping; after?: number; limit?: number }) => {
    const text = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, `${value}`);
    return this.#call<Listed>("GET", `${realm}/quarantine?${text}`);
  };
  event = (realm: string, event: string) => this.#call<Shown>("GET", `${realm}/quarantine/${event}`);
  review = (realm: string, event: string, verdict: ReviewVerdict, note: string) =>
    this.#call<Reviewed>("POST", `${realm}/quarantine/${event}/${verdict}`, {
      ...(note === "" ? {} : { note }),
    });
  reviewAll = (
    realm: string,
    which: { event_ids: string[] } | { filter: Filter },
    verdict: ReviewVerdict,
    note: string,
  ) =>
    this.#call<{ results: BulkResult[]; remaining: number }>("POST", `${realm}/quarantine/bulk`, {
      ...which,
      verdict,
      ...(note === "" ? {} : { note }),
    });

  ruleset = (realm: string, version?: number) =>
    this.#call<Described>("GET", `${realm}/ruleset${version === undefined ? "" : `?version=${version}`}`);
  history = (realm: string) => this.#call<Version[]>("GET", `${realm}/ruleset/history`);
  diff = (realm: string, from: number, to: number) =>
    this.#call<Difference[]>("GET", `${realm}/ruleset/diff?from=${from}&to=${to}`);
  /** `inForce`: the version that the new one was made from; another one in force by now is a refusal. */
  setRuleset = (realm: string, json: string, note: string, inForce: number) =>
    this.#call<{ version: number }>(
      "PUT",
      `${realm}/ruleset${note === "" ? "" : `?${new URLSearchParams({ note })}`}`,
      json,
      { "if-match": `"${inForce}"` },
    );
  rollBack = (realm: string, version: number, inForce: number) =>
    this.#call<{ version: number }>(
      "POST",
      `${realm}/ruleset/rollback`,
      { version },
      { "if-match": `"${inForce}"` },
    );

  tick = (realm: string) =>
    this.#call<{ tick: number; hash: string }>("POST", "tick/run", {
      realm_id: realm,
      idempotency_key: freshKey(),
    });
  command = (realm: string, kind: string, payload: object) =>
    this.#call<{ command_id: string }>("POST", "events/ingest", {
      v: 1,
      idempotency_key: freshKey(),
      realm_id: realm,
      kind,
      payload,
    });

  commandState = (realm: string, command: string) =>
    this.#call<CommandState>("GET", `${realm}/commands/${command}`);

  /** Throws `Refusal`. Text goes as it is, so that the API itself says what is wrong with it. */
  async #call<Body>(
    method: string,
    path: string,
    body?: object | string,
    headers: Record<string, string> = {},
  ): Promise<Body> {
    const answer = await fetch(`/internal/world/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }).catch(() => {
      throw new Refusal(0, "the API does not answer");
    });
    const read = (await answer.json().catch(() => ({}))) as { detail?: string; errors?: FieldProblem[] };
    if (!answer.ok)
      throw new Refusal(answer.status, read.detail ?? `the API answers ${answer.status}`, read.errors);
    return read as Body;
  }
}

/** `crypto.randomUUID` is for pages from a trusted origin only. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `gm-page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
