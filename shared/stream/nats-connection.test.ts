import { expect, test } from "vitest";
import { connecting, NatsAccessError, withoutSecrets, withUser } from "./nats-connection.ts";

const production = { strict: true };

test("user and password are taken out of the URL, decoded; every server is named without them", () => {
  const natsUrl = "nats://ingest:p%40ss%2Fw%23rd%2C@one:4222,nats://two";
  const { options, account } = connecting({ natsUrl });
  expect(options).toEqual({
    servers: ["one:4222", "two:4222"],
    user: "ingest",
    pass: "p@ss/w#rd,",
    inboxPrefix: "_INBOX_ingest",
  });
  expect(account).toBe("WORLD");
});

test("an account follows from the user; whoever isn't a process of ours is a story engine", () => {
  const accountOf = (user: string) => connecting({ natsUrl: `nats://${user}:x@h` }).account;
  expect(["provision", "simulator", "archive", "operator", "bard"].map(accountOf)).toEqual([
    "WORLD",
    "WORLD",
    "READ",
    "READ",
    "STORY",
  ]);
  expect(connecting({ natsUrl: "h" }).account).toBeUndefined();
});

test("a password may come apart from the URL, whatever its characters", () => {
  const password = 'p@ss/w#rd: "$x",%41';
  const { options } = connecting({ natsUrl: "nats://ingest@one", password });
  expect(options).toMatchObject({ user: "ingest", pass: password });
});

test.each([
  ["nats://a:x@h,nats://b:x@h", "several users"],
  ["nats://a:x@h,nats://a:y@h", "several users or passwords"],
  ["nats://a@h", "without a password"],
  ["nats://a:b@c:d@h:99999", "can't be read"],
  ["nats://a:%zz@h", "can't be read"],
  ["", "can't be read"],
])("%j is refused with a sentence that shows no password", (natsUrl, sentence) => {
  expect(() => connecting({ natsUrl })).toThrow(NatsAccessError);
  expect(() => connecting({ natsUrl })).toThrow(sentence);
});

test("a password without a user is refused", () => {
  expect(() => connecting({ natsUrl: "nats://h", password: "x" })).toThrow("no user");
});

test("outside local mode nothing goes without credentials", () => {
  expect(() => connecting({ natsUrl: "nats://127.0.0.1:4222", ...production })).toThrow("credentials");
});

test("outside local mode TLS is needed, but on loopback and where the network is said to be private", () => {
  const needsTls = (host: string, more = {}) =>
    connecting({ natsUrl: `nats://ingest:x@${host}`, ...production, ...more }).needsTls;
  expect(["nats.example:4222", "10.0.0.1", "127.0.0.1.example"].map((host) => needsTls(host))).toEqual([
    true,
    true,
    true,
  ]);
  expect(["127.0.0.1:4222", "localhost", "[::1]:4222"].map((host) => needsTls(host))).toEqual([
    false,
    false,
    false,
  ]);
  expect(needsTls("127.0.0.1,nats://ingest:x@far")).toBe(true);
  expect(needsTls("nats", { plaintext: true })).toBe(false);
  // What is asked for by name is kept, wherever the server is.
  expect(needsTls("127.0.0.1", { caFile: "ca.pem" })).toBe(true);
  expect(connecting({ natsUrl: "tls://ingest:x@127.0.0.1" }).needsTls).toBe(true);
});

test("a URL is shown without its user, and made for another", () => {
  expect(withoutSecrets("nats://a:p@w@one:1,two")).toBe("nats://one:1,two");
  const url = withUser("nats://a:x@one:1,two", "story", "p@,");
  expect(url).toBe("nats://story:p%40%2C@one:1,nats://story:p%40%2C@two");
  expect(connecting({ natsUrl: url }).options).toMatchObject({ user: "story", pass: "p@," });
});
