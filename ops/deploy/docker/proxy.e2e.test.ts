/** The public port behind nginx with the very configuration of docker-compose.yml. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { FEED_LIMITS, READ_LIMITS } from "../../../broadcaster/http/limits.ts";
import { PublicServer } from "../../../broadcaster/public.ts";
import { RealmView } from "../../../broadcaster/realm/realm-view.ts";
import { RawClient } from "../../../broadcaster/testing/raw-client.ts";
import { ScriptedWorld } from "../../../broadcaster/testing/scripted-world.ts";
import { makeEngine } from "../../../broadcaster/testing/test-engine.ts";
import { Networks } from "../../../shared/process/networks.ts";
import { pickPort } from "../../local/ports.ts";

const REALM = "amoi-1";
const PER_MINUTE = 200;
const NGINX = ["nginx", "/usr/sbin/nginx"].find((file) => spawnSync(file, ["-v"]).status === 0);
if (NGINX === undefined)
  console.warn("nginx is not here (apt-get install nginx): the proxy of docker-compose.yml is not tested");

let dir: string;
let server: PublicServer;
let world: ScriptedWorld;
let behind: number;
let port: number;
let tlsPort: number;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  if (NGINX === undefined) return;
  dir = await mkdtemp(join(tmpdir(), "amoisekai-proxy-"));
  const proxies = { header: "x-forwarded-for", networks: new Networks(["loopback"]) };
  server = new PublicServer(
    makeEngine,
    "a-secret-of-32-bytes-at-the-least",
    { ...FEED_LIMITS, proxies },
    { ...READ_LIMITS, perMinute: PER_MINUTE },
  );
  behind = await server.listen("127.0.0.1", 0);
  world = new ScriptedWorld(REALM);
  server.feed.open(REALM).restored(new RealmView(world.snapshot, "e1"));
  [port, tlsPort] = [await pickPort(), await pickPort()];
  await startNginx(port, behind);
}, 60_000);
afterAll(async () => {
  for (const end of ended) await end();
  if (NGINX === undefined) return;
  server.close();
  await rm(dir, { recursive: true, force: true });
});

/** The configuration as it is, with the places that a container gives it, and `changed` instead of `what`. */
async function startNginx(at: number, behind: number, what = "", changed = ""): Promise<void> {
  const own = join(dir, `${at}`);
  await mkdir(join(own, "tls"), { recursive: true });
  const tls = (await readFile(join(import.meta.dirname, "tls/tls.conf.example"), "utf8"))
    .replaceAll("/etc/nginx/tls", `${own}/tls`)
    .replace("listen 8443", `listen 127.0.0.1:${tlsPort}`);
  if (at === port) {
    const files = ["-keyout", `${own}/tls/key.pem`, "-out", `${own}/tls/certificate.pem`];
    const subject = ["-subj", "/CN=localhost", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...subject], {
      stdio: "ignore",
    });
    await writeFile(join(own, "tls/tls.conf"), tls);
  }
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${own}/${name};`,
  );
  const config = (await readFile(join(import.meta.dirname, "nginx.conf"), "utf8"))
    .replace("listen 8080", `listen 127.0.0.1:${at}`)
    .replace("server broadcaster:8080", `server 127.0.0.1:${behind}`)
    .replace("/etc/nginx/tls", `${own}/tls`)
    .replace("http {", `http { ${scratch.join(" ")}`)
    .replace(what, changed);
  await writeFile(join(own, "nginx.conf"), config);
  const args = ["-p", own, "-c", join(own, "nginx.conf"), "-g", `daemon off; pid ${own}/pid;`];
  const nginx = spawn(NGINX!, args, { stdio: ["ignore", "ignore", "inherit"] });
  ended.push(async () => {
    if (nginx.exitCode !== null) return;
    const exited = once(nginx, "exit");
    nginx.kill("SIGTERM");
    await exited;
  });
  await vi.waitFor(
    async () => expect((await fetch(`http://127.0.0.1:${at}/api/world`)).ok).toBe(true),
    10_000,
  );
}

const proxied = test.skipIf(NGINX === undefined);

/** The status of the answer to a request that comes in these pieces. */
async function statusOf(...pieces: string[]): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" }).setNoDelay();
  socket.on("error", () => {});
  for (const piece of pieces) {
    socket.write(piece);
    await delay(40);
  }
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  while (!text.includes("\r\n") && !socket.closed) await delay(10);
  socket.destroy();
  return text.slice(9, 12);
}

proxied(
  "a request that a packet ends anywhere is answered, HTTP/1.0 too, and a header of 16 KB passes",
  async () => {
    const request = `GET /api/world/${REALM}/summary HTTP/1.1\r\nHost: x\r\n\r\n`;
    const cuts = Array.from({ length: request.length - 1 }, (_, i) =>
      statusOf(request.slice(0, i + 1), request.slice(i + 1)),
    );
    expect(new Set(await Promise.all(cuts))).toEqual(new Set(["200"]));
    expect(await statusOf("GET /api/world HTTP/1.0\r\n\r\n")).toBe("200");
    expect(await statusOf(`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${"x".repeat(16_384)}\r\n\r\n`)).not.toBe(
      "431",
    );
    const { status, headers } = await fetch(`http://127.0.0.1:${port}/api/world`, { method: "HEAD" });
    expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
  },
);

proxied("the address that nginx saw counts, whatever the client wrote itself", async () => {
  const left = async (forwarded: string) => {
    const { headers } = await fetch(`http://127.0.0.1:${port}/nothing`, {
      headers: { "X-Forwarded-For": forwarded },
    });
    return Number(/r=(\d+)/.exec(headers.get("ratelimit")!)![1]);
  };
  // The requests before were the same client's.
  for (const claimed of ["192.0.2.1", "192.0.2.2"]) expect(await left(claimed)).toBeLessThan(PER_MINUTE - 10);
});

proxied("the feed passes, in clear and through TLS", async () => {
  const client = new RawClient(port, `/feed/${REALM}`);
  await client.until(({ frames }) => frames.length === 1);
  tick();
  await client.until(({ frames }) => frames.length === 2);
  client.close();
  const tls = connectTls({ port: tlsPort, host: "127.0.0.1", rejectUnauthorized: false });
  tls.write(`GET /api/world HTTP/1.1\r\nHost: x\r\n\r\n`);
  const [answer] = (await once(tls, "data")) as [Buffer];
  expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 200/);
  tls.destroy();
});

proxied("each event of a stream comes at once, also where nginx is told to compress streams", async () => {
  const compressing = await pickPort();
  await startNginx(compressing, behind, "gzip_types application/json ", "gzip_types text/event-stream ");
  for (const at of [port, compressing]) {
    // fetch asks for compression and undoes it.
    const stream = await fetch(`http://127.0.0.1:${at}/api/world/${REALM}/stream`);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let i = 0; i < 4; i++) {
      if (i > 0) tick();
      expect((await reader.read()).value).toContain(`"tick":${world.snapshot.tick}`);
    }
    await reader.cancel();
  }
});

function tick(): void {
  const channel = server.feed.channels.get(REALM)!;
  channel.advanced(channel.view!.advance(world.tick().delta));
}
