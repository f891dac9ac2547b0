/** The accounts as `npm run nats-config` writes them, on a real server: passwords, nkeys and TLS as production has them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBus } from "../../../shared/stream/bus.ts";
import { type NatsAccess, NatsAccessError } from "../../../shared/stream/nats-connection.ts";
import { launch, type Running } from "../../local/launch.ts";
import { findNatsServer } from "../../local/nats-server.ts";
import { pickPort } from "../../local/ports.ts";
import { until } from "../../testing/realm.ts";
import { runCommand } from "../../testing/run-command.ts";

/** No word of a configuration, a URL or a shell is safe from it. */
const PASSWORD = 'p@ss/w#rd: "$HOME" \\ %41, {ö} \'';
const dir = mkdtempSync(join(tmpdir(), "amoisekai-nats-config-"));
const file = (name: string) => join(dir, name);
const servers: Running[] = [];
const nkey = nkeys.createUser();
const passwords: Record<string, string> = { INGEST: PASSWORD };
for (const user of ["PROVISION", "NORMALIZER", "SIMULATOR", "BROADCASTER", "OPERATOR", "STORY", "BARD"])
  passwords[user] = `${PASSWORD}${user}`;
const given = {
  ...Object.fromEntries(
    Object.entries(passwords).map(([user, password]) => [`NATS_PASSWORD_${user}`, password]),
  ),
  NATS_NKEY_ARCHIVE: nkey.getPublicKey(),
};
const stories = ["--story", "story", "--story", "bard:r1,r2"];
let secured: number;
let open: number;

beforeAll(async () => {
  const written = await runCommand(
    "ops/tools/nats-config/main.ts",
    [...stories, "--out", file("accounts.conf")],
    given,
  );
  expect(written).toEqual({ code: 0, out: "", err: "" });
  makeCertificates();
  const tls = {
    cert_file: file("server.pem"),
    key_file: file("server.key"),
    ca_file: file("ca.pem"),
    verify: true,
  };
  const include = `include accounts.conf\n`;
  [secured, open] = await Promise.all([
    startServer("secured", (port) => `${include}listen: "0.0.0.0:${port}"\ntls: ${JSON.stringify(tls)}\n`),
    startServer("open", (port) => `listen: "0.0.0.0:${port}"\n`),
  ]);
}, 60_000);
afterAll(async () => {
  for (const server of servers) await server.kill();
  rmSync(dir, { recursive: true, force: true });
});

async function startServer(name: string, configuration: (port: number) => string): Promise<number> {
  const port = await pickPort();
  const [conf, monitor] = [file(`${name}.conf`), await pickPort()];
  writeFileSync(
    conf,
    `${configuration(port)}http: "127.0.0.1:${monitor}"\njetstream { store_dir: "${file(name)}" }\n`,
  );
  const probe = async () => (await fetch(`http://127.0.0.1:${monitor}/healthz`)).ok;
  const command = await findNatsServer();
  servers.push(
    await launch({ name, command, args: ["--config", conf], logFile: file(`${name}.log`), probe }),
  );
  return port;
}

/** A root of its own, and under it a server's certificate and a client's. */
function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=root", "-days", "2");
  writeFileSync(file("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:0.0.0.0\n");
  for (const name of ["server", "client"]) {
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signed = [
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "names",
    ];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signed);
  }
}

const tls = { caFile: file("ca.pem"), certFile: file("client.pem"), keyFile: file("client.key") };
const at = (user: string, port: number) => `nats://${user}@0.0.0.0:${port}`;

/** Opens a connection, does one thing, and closes it. */
async function reach(access: NatsAccess): Promise<string> {
  const bus = await openBus({ ...access, name: "test" });
  try {
    const account = bus.nc.info!;
    return `${account.tls_required ? "TLS" : "plain"} ${account.auth_required ? "known" : "anyone"}`;
  } finally {
    await bus.close();
  }
}

test("a password with every awkward character opens, hashed in the configuration, over TLS with certificates on both sides", async () => {
  const access = { natsUrl: at("ingest", secured), password: PASSWORD, strict: true, ...tls };
  expect(await reach(access)).toBe("TLS known");
  const inUrl = `nats://ingest:${encodeURIComponent(PASSWORD)}@0.0.0.0:${secured}`;
  expect(await reach({ natsUrl: inUrl, strict: true, ...tls })).toBe("TLS known");
  await expect(reach({ ...access, password: `${PASSWORD}x` })).rejects.toThrow(/authorization violation/i);
});

test("an nkey opens, from a .creds file whose user the process's name tells", async () => {
  const seed = new TextDecoder().decode(nkey.getSeed());
  const credsFile = file("archive.creds");
  writeFileSync(
    credsFile,
    `-----BEGIN NATS USER JWT-----\nnone\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
  );
  const access = { natsUrl: `0.0.0.0:${secured}`, credsFile, user: "archive", strict: true, ...tls };
  expect(await reach(access)).toBe("TLS known");
});

test("without a client's certificate, or with a root that didn't sign the server's, nothing opens", async () => {
  const access = { natsUrl: at("ingest", secured), password: PASSWORD, strict: true };
  await expect(reach({ ...access, caFile: tls.caFile })).rejects.toThrow();
  await expect(reach({ ...access, ...tls, caFile: tls.certFile })).rejects.toThrow();
  await expect(reach(access)).rejects.toThrow();
});

test("production refuses a server without TLS, one that wants no credentials, and to come without them", async () => {
  const access = { natsUrl: at("ingest", open), password: PASSWORD, strict: true };
  await expect(reach(access)).rejects.toThrow(NatsAccessError);
  await expect(reach(access)).rejects.toThrow("offers no TLS");
  await expect(reach({ ...access, plaintext: true })).rejects.toThrow("wants no credentials");
  await expect(reach({ natsUrl: `0.0.0.0:${open}`, strict: true, plaintext: true })).rejects.toThrow(
    "credentials",
  );
  expect(await reach({ natsUrl: `0.0.0.0:${open}` })).toBe("plain anyone");
});

test("a stage of production says why it doesn't start, in one line without a password", async () => {
  const env = {
    MODE: "production",
    NATS_URL: at("normalizer", open),
    AMOI_NATS_PASSWORD: PASSWORD,
    AMOI_NATS_MONITOR_URL: "http://127.0.0.1:1",
    DATABASE_URL: "postgres://none",
    INTERNAL_TOKEN: "",
    FEED_TOKEN_SECRET: "7pYw2mGx0uVq9Rk4Tz8sLb3NcHd6JfAe",
    NORMALIZER_PORT: "0",
  };
  const { code, err } = await runCommand("normalizer/main.ts", [], env);
  expect(code).toBe(1);
  expect(err).toMatch(/^normalizer: .*(offers no TLS|INTERNAL_TOKEN).*\n$/);
  expect(err).not.toContain(PASSWORD);
});

test("after a reload a new password opens and the old one doesn't, and nobody else notices", async () => {
  const opened = async (user: string, password: string) =>
    openBus({ natsUrl: at(user, secured), password, ...tls, name: "test" });
  const [normalizer, simulator] = await Promise.all(
    ["NORMALIZER", "SIMULATOR"].map((user) => opened(user.toLowerCase(), passwords[user]!)),
  );
  const losses: string[] = [];
  normalizer!.lost.add(() => losses.push("normalizer"));
  simulator!.lost.add(() => losses.push("simulator"));
  const changed = { ...given, NATS_PASSWORD_NORMALIZER: "another password of the normalizer" };
  // Hashes are salted: written anew, each user's is another text for the same password.
  await runCommand("ops/tools/nats-config/main.ts", [...stories, "--out", file("accounts.conf")], changed);
  servers.find(({ process }) => process.spawnargs.includes(file("secured.conf")))!.process.kill("SIGHUP");
  await until(async () => losses.includes("normalizer"));
  const again = await opened("normalizer", changed.NATS_PASSWORD_NORMALIZER);
  await expect(opened("normalizer", passwords.NORMALIZER!)).rejects.toThrow(/authorization violation/i);
  await until(async () => simulator!.connected && (await simulator!.nc.rtt()) > 0);
  for (const bus of [again, normalizer!, simulator!]) await bus.close();
});

test("what is missing, too short or said twice is named, and nothing is written", async () => {
  const { code, out, err } = await runCommand("ops/tools/nats-config/main.ts", [], {
    ...given,
    NATS_PASSWORD_INGEST: "short",
    NATS_PASSWORD_STORY: passwords.SIMULATOR!,
    NATS_PASSWORD_OPERATOR: "",
    NATS_NKEY_ARCHIVE: "UABC",
  });
  expect([code, out]).toEqual([2, ""]);
  for (const variable of ["INGEST", "STORY", "OPERATOR", "NKEY_ARCHIVE"]) expect(err).toContain(variable);
  expect((await runCommand("ops/tools/nats-config/main.ts", ["--story", "ingest"], given)).code).toBe(2);
});
