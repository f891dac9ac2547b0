/** The provision service: its requests by subject, each with validation, a bound on how many are under way, and an answer. */
import type { Msg, Subscription } from "@nats-io/transport-node";
import { z } from "zod";
import {
  BucketRequest,
  EndRequest,
  type ProvisionAnswer,
  PurgeRequest,
  RealmRequest,
} from "../../shared/contracts/provisioning.ts";
import type { Log } from "../../shared/process/log.ts";
import { metrics } from "../../shared/process/metrics.ts";
import {
  ensureBucket,
  ProvisionError,
  provisionRealm,
  registerRealms,
} from "../../shared/provision/provision.ts";
import { CONSUMER_GATE, PROVISION } from "../../shared/stream/access.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { BUCKETS, type Bucket } from "../../shared/stream/topology.ts";
import { checkRuleset } from "../../shared/world/check-ruleset.ts";
import { gateIsBusy, openGate } from "./consumer-gate.ts";
import { endRealm } from "./end-realm.ts";
import { purgeRaw } from "./purge-raw.ts";

/** What every stream and bucket is made with. */
export type Sizes = { replicas: number; rawMaxBytes: number };

/** Of several processes one answers. */
const QUEUE = "provision";
/**
 * Requests of a kind under way at once; further ones are told to come back. Every realm's readers ask at once when a process
 * starts.
 */
const MAX_UNDER_WAY = { consumer: 500, other: 8 };

type Answer = ProvisionAnswer;
type Handler = (bus: Bus, body: unknown, sizes: Sizes) => Promise<Answer>;

/** A further request is a line here, and one in `shared/stream/access.ts` for who may ask. */
const HANDLERS: Record<string, Handler> = {
  [PROVISION.realm]: async (bus, body, { replicas, rawMaxBytes }) => {
    const request = RealmRequest.parse(body);
    const [reason] = checkRuleset(request.ruleset);
    if (reason !== undefined) return refused(400, `ruleset.${reason}`);
    return await provisionRealm(bus, { ...request, replicas, rawMaxBytes });
  },
  [PROVISION.bucket]: async (bus, body, { replicas }) => {
    const { bucket } = BucketRequest.parse(body);
    if (!Object.hasOwn(BUCKETS, bucket)) return refused(400, `no bucket is named ${bucket}`);
    const created = await ensureBucket(bus, bucket as Bucket, replicas);
    if (bucket === "realms") await registerRealms(bus);
    return { created };
  },
  [PROVISION.purge]: async (bus, body) => ({ purged: await purgeRaw(bus, PurgeRequest.parse(body)) }),
  [PROVISION.end]: async (bus, body) => {
    const { realm, name } = EndRequest.parse(body);
    return await endRealm(bus, realm, name);
  },
};

/** Answers until `close`, which waits for what is under way. */
export function answerProvisioning(bus: Bus, sizes: Sizes, log: Log): { close(): Promise<void> } {
  const underWay = new Set<Promise<void>>();
  const listen = (
    subject: string,
    kind: string,
    { most, busy, answer }: { most: number; busy: string; answer(message: Msg): Promise<string> },
  ): Subscription => {
    let answering = 0;
    return bus.nc.subscribe(subject, {
      queue: QUEUE,
      callback: (error, message) => {
        if (error !== null || !message.reply) return;
        if (answering >= most) {
          metrics.provisionRequests.inc({ kind, outcome: "busy" });
          message.respond(busy);
          return;
        }
        answering++;
        const done = answer(message)
          .then((text) => {
            metrics.provisionRequests.inc({ kind, outcome: isRefusal(text) ? "refused" : "done" });
            message.respond(text);
          })
          .catch((cause: unknown) => {
            metrics.provisionRequests.inc({ kind, outcome: "unanswered" });
            log.warn(
              { kind, reason: String(cause) },
              "a provision request got no answer; its sender asks again",
            );
          })
          .finally(() => {
            answering--;
            underWay.delete(done);
          });
        underWay.add(done);
      },
    });
  };
  const subscriptions = [
    ...Object.entries(HANDLERS).map(([subject, handle]) => {
      const kind = subject.slice("provision.".length);
      return listen(subject, kind, {
        most: MAX_UNDER_WAY.other,
        busy: JSON.stringify(refused(503, "too many requests are under way: try again")),
        answer: async (message) =>
          JSON.stringify(await handled(() => handle(bus, readJson(message), sizes), log, kind)),
      });
    }),
    listen(`${CONSUMER_GATE}.>`, "consumer", {
      most: MAX_UNDER_WAY.consumer,
      busy: gateIsBusy(),
      answer: (message) => openGate(bus, message.subject, message.string()),
    }),
  ];
  return {
    close: async () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      await Promise.allSettled(underWay);
    },
  };
}

/** Both kinds of answers say it in the same place. */
const isRefusal = (text: string): boolean => "error" in (JSON.parse(text) as object);

const refused = (status: number, message: string): Answer => ({ error: { status, message } });

const readJson = (message: Msg): unknown => {
  try {
    return JSON.parse(message.string());
  } catch {
    return undefined;
  }
};

/** The refusal for the requester, with the HTTP status that fits. */
async function handled(act: () => Promise<Answer>, log: Log, kind: string): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof z.ZodError) {
      const { path, message } = error.issues[0]!;
      return refused(400, `${path.join(".") || "the request"}: ${message}`);
    }
    log.error(
      { err: error, kind },
      "a provision request failed; the same request continues where this one stopped",
    );
    if (error instanceof ProvisionError) return refused(error.status, error.message);
    return refused(503, error instanceof Error ? error.message : String(error));
  }
}
