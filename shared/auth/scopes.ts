/** Scopes of the internal API's bearer tokens. */
export const SCOPE_TEXT = {
  publish: "candidates, players' commands and receipts",
  story: "contexts, checks, decisions and a player's recap",
  account: "which realm a user belongs to",
  "feed-token": "tokens that open a player's feed",
  review: "the quarantine",
  operate: "ticks, realms, rulesets, shadow rules and game masters' commands",
  read: "everything else that can be read here",
} as const;
export type Scope = keyof typeof SCOPE_TEXT;
export const SCOPES = Object.keys(SCOPE_TEXT) as Scope[];

/** The caller that a token identifies. */
export type Caller = {
  /** The token's name, or the `sub` of a JWT: an account id, under which commands go into the log. */
  name: string;
  scopes: ReadonlySet<Scope>;
  /** The only realms that it may touch; absent: any. */
  realms?: ReadonlySet<string>;
  /** May claim any actor: local mode's own token alone. */
  anyActor?: true;
};
