// Follows the realm until its next tick. The client verifies every state by its hash and reconnects by itself.
import { FeedClient } from "../../../shared/clients/typescript/feed-client.ts";

const client = new FeedClient({
  url: process.env.WORLD_URL ?? "http://127.0.0.1:8080",
  realm: process.env.REALM ?? "amoi-1",
});
client.on("status", (status, close) => console.log(status, close?.reason ?? ""));
client.on("changed", ({ tick, hash }, frame) => {
  console.log(`${frame.type} of tick ${tick}, hash ${hash}`);
  if (frame.type === "delta") client.close();
});
setTimeout(
  () => {
    console.error("no tick came");
    process.exit(1);
  },
  1_000 * Number(process.env.SECONDS_AT_MOST ?? 1_000),
).unref();
