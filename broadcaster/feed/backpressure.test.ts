import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { FEED_LIMITS } from "../http/limits.ts";
import { Backpressure } from "./backpressure.ts";
import type { FeedSocket, Socket } from "./channel.ts";
import { CLOSE } from "./close-codes.ts";
import { Openings } from "./openings.ts";

/** A socket of uWS as far as it matters here: once closed, whatever it is asked throws. */
function hungSocket(closing: Socket["closing"]) {
  const socket = { live: false, open: true, closing } as Socket;
  const asked = () => {
    if (!socket.open) throw new Error("Invalid access of closed uWS.WebSocket");
    return socket;
  };
  return { socket, client: { getUserData: asked, cork: asked } as unknown as FeedSocket };
}

test.each([undefined, CLOSE.slow])(
  "a socket that closes in the turn in which it drained is left alone",
  async (closing) => {
    const { socket, client } = hungSocket(closing);
    const failed: unknown[] = [];
    const note = (error: unknown) => failed.push(error);
    process.prependOnceListener("uncaughtException", note);
    new Backpressure(FEED_LIMITS, new Openings(1)).drained(client);
    socket.open = false;
    await turn();
    process.off("uncaughtException", note);
    expect(failed).toEqual([]);
  },
);
