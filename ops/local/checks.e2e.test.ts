import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readEnv } from "../../shared/process/env.ts";
import { checkDatabase, checkNats, choosePorts } from "./checks.ts";
import { pickPort, portIsFree } from "./ports.ts";
import { LocalSetupError } from "./setup-error.ts";

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A server that does with each connection what `greet` says. Answers its port. */
async function listening(greet: (socket: Socket) => void = () => {}): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    greet(socket);
  });
  servers.push(server);
  const port = await pickPort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return port;
}

/** The sentence that a check ends with. */
async function sentence(check: Promise<unknown>): Promise<string> {
  const error = await check.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  expect(error).toBeInstanceOf(LocalSetupError);
  const { message } = error as LocalSetupError;
  expect(message).not.toContain("\n");
  return message;
}

const anyPorts = {
  FEED_PORT: "0",
  INGEST_PORT: "0",
  NORMALIZER_PORT: "0",
  SIMULATOR_PORT: "0",
  BROADCASTER_PORT: "0",
  ARCHIVE_PORT: "0",
  PROVISION_PORT: "0",
};

test("each port 0 becomes a free one of its own", async () => {
  const ports = Object.values(await choosePorts(readEnv(anyPorts)));
  expect(new Set(ports).size).toBe(7);
  for (const port of ports) expect(await portIsFree(port)).toBe(true);
});

test("a taken port is named together with its variable", async () => {
  const port = await listening();
  expect(await sentence(choosePorts(readEnv({ ...anyPorts, INGEST_PORT: `${port}` })))).toBe(
    `Port ${port} (INGEST_PORT) is taken: end what listens there, or set INGEST_PORT to another port or to 0 for any free one.`,
  );
});

test("two variables with the same port are named", async () => {
  const port = `${await pickPort()}`;
  const env = readEnv({ ...anyPorts, FEED_PORT: port, ARCHIVE_PORT: port });
  expect(await sentence(choosePorts(env))).toBe(
    `FEED_PORT and ARCHIVE_PORT are both ${port}: set one of them to another port.`,
  );
});

/** Greets as a NATS server of that version does, and answers pings. */
function nats(version: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(
      `INFO ${JSON.stringify({ server_id: "X", server_name: "X", version, proto: 1, headers: true, max_payload: 1048576, jetstream: true })}\r\n`,
    );
    socket.on("data", (chunk) => {
      if (`${chunk}`.includes("PING")) socket.write("PONG\r\n");
    });
  };
}

test("a NATS_URL whose server is too old is refused", async () => {
  const port = await listening(nats("2.10.29"));
  expect(await sentence(checkNats(`nats://user:secret@127.0.0.1:${port}`, () => {}))).toBe(
    `NATS at nats://127.0.0.1:${port} (NATS_URL) is version 2.10.29: bring it to 2.14.4 or newer, or unset NATS_URL and a local one is started.`,
  );
});

test("a NATS_URL without JetStream is refused", async () => {
  const port = await listening(nats("2.15.1"));
  expect(await sentence(checkNats(`nats://127.0.0.1:${port}`, () => {}))).toContain("has no JetStream");
});

test("a NATS_URL where nobody answers is refused", async () => {
  expect(await sentence(checkNats(`nats://127.0.0.1:${await pickPort()}`, () => {}))).toMatch(
    /does not answer \(.+\): start it, or unset NATS_URL and a local one is started\.$/,
  );
});

/** Speaks just enough of PostgreSQL's protocol to tell its version. */
function postgres(version: string): (socket: Socket) => void {
  const message = (type: string, ...parts: (string | number[])[]): Buffer => {
    const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const ready = message("Z", "I");
  const column = message(
    "T",
    [0, 1],
    "server_version_num\0",
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0],
  );
  const row = message("D", [0, 1], [0, 0, 0, version.length], version);
  return (socket) => {
    socket.once("data", () => {
      socket.write(Buffer.concat([message("R", [0, 0, 0, 0]), ready]));
      socket.on("data", (chunk) => {
        if (chunk[0] === "Q".charCodeAt(0))
          socket.write(Buffer.concat([column, row, message("C", "SHOW\0"), ready]));
      });
    });
  };
}

test("a DATABASE_URL whose server is older than 15 is refused, and its password is not shown", async () => {
  const port = await listening(postgres("140011"));
  expect(await sentence(checkDatabase(`postgres://user:secret@127.0.0.1:${port}/world`))).toBe(
    `PostgreSQL at postgres://127.0.0.1:${port}/world (DATABASE_URL) is version 14: bring it to 15 or newer, or unset DATABASE_URL and a local one is started.`,
  );
  const newer = await listening(postgres("180004"));
  await checkDatabase(`postgres://user:secret@127.0.0.1:${newer}/world`);
});

test("a DATABASE_URL where nobody answers is refused", async () => {
  const url = `postgres://user:secret@127.0.0.1:${await pickPort()}/world`;
  expect(await sentence(checkDatabase(url))).toMatch(
    /^PostgreSQL at postgres:\/\/127\.0\.0\.1:\d+\/world \(DATABASE_URL\) does not answer \(.+\): start it, or/,
  );
});
