/** The document of every subject and of the feed, as AsyncAPI 3: made of the schemas that the code itself goes by. */
import { CHANNELS, type Channel, MESSAGES, type MessageName } from "../contracts/channels.ts";
import { AccountId, ContentId, Id } from "../contracts/ids.ts";
import { Hash, Instant } from "../contracts/leaves.ts";
import { Ruleset } from "../contracts/ruleset.ts";
import { Name } from "../contracts/text.ts";
import {
  CampaignStep,
  CampaignStep2,
  CONDITIONS,
  Consequence,
  Effect,
  NextCampaign,
  Trigger,
} from "../contracts/trigger.ts";
import {
  ActionState,
  CampaignState,
  Consequences,
  CouncilState,
  DerivedEvent,
  EffectState,
  FactionState,
  PrivateState,
  PublicState,
  RelicState,
  Rosters,
  TerritoryState,
  TriggerState,
  WorldState,
} from "../contracts/world.ts";
import { jsonSchemas } from "./json-schemas.ts";

/** What stands in several messages. */
const PARTS = {
  Id,
  AccountId,
  ContentId,
  Hash,
  Instant,
  ...CONDITIONS,
  Name,
  Consequence,
  Consequences,
  CampaignStep,
  CampaignStep2,
  NextCampaign,
  Effect,
  Trigger,
  Ruleset,
  FactionState,
  TerritoryState,
  RelicState,
  TriggerState,
  EffectState,
  ActionState,
  CampaignState,
  PublicState,
  CouncilState,
  Rosters,
  PrivateState,
  WorldState,
  DerivedEvent,
};
const SCHEMAS = "#/components/schemas/";
const BUNDLE = " Each message is a bundle: a JSON array of 1 to 50 consecutive bodies.";
const PARAMETERS = {
  realm: { description: "The realm's id: `^[a-z0-9][a-z0-9_-]{0,31}$`" },
  stage: { description: "Whose position it is", enum: ["ingest", "normalizer", "simulator"] },
};

/** AsyncAPI 3.0, in whose tongue schemas are JSON Schema of draft 07. */
export function asyncapi(): object {
  const channels: [string, Channel][] = Object.entries(CHANNELS);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Amoisekai world: subjects and feed",
      version: "1",
      description:
        "Bodies on NATS are JSON. Points and stocks are in thousandths, shares and factors in basis points, times are RFC 3339.",
    },
    servers: {
      nats: { host: "localhost:4222", protocol: "nats", description: "NATS with JetStream" },
      feed: { host: "localhost:8080", protocol: "ws", description: "The public port of any broadcaster" },
    },
    channels: Object.fromEntries(channels.map(([id, channel]) => [id, channelOf(channel)])),
    operations: Object.fromEntries(channels.flatMap(([id, channel]) => operationsOf(id, channel))),
    components: {
      messages: Object.fromEntries(channels.flatMap(([, channel]) => messagesOf(channel))),
      schemas: jsonSchemas({ ...MESSAGES, ...PARTS }, SCHEMAS, "draft-07"),
    },
  };
}

const channelOf = ({ address, about, sends = [], receives = [], bundled, server }: Channel) => ({
  address,
  description: bundled ? about + BUNDLE : about,
  servers: [{ $ref: `#/servers/${server}` }],
  parameters: Object.fromEntries(
    Object.entries(PARAMETERS).filter(([name]) => address.includes(`{${name}}`)),
  ),
  messages: Object.fromEntries(
    [...sends, ...receives].map((name) => [name, { $ref: `#/components/messages/${name}` }]),
  ),
});

const operationsOf = (id: string, { sends, receives }: Channel) =>
  Object.entries({ send: sends, receive: receives }).flatMap(([action, messages]) => {
    if (messages === undefined) return [];
    const channel = `#/channels/${id}`;
    const references = messages.map((name) => ({ $ref: `${channel}/messages/${name}` }));
    return [[`${action}_${id}`, { action, channel: { $ref: channel }, messages: references }]];
  });

function messagesOf({ server, sends = [], receives = [], bundled }: Channel) {
  const contentType = server === "feed" ? "application/msgpack" : "application/json";
  return [
    ...sends.map((name) => [name, messageOf(name, contentType, bundled)]),
    ...receives.map((name) => [name, messageOf(name, "application/json", bundled)]),
  ];
}

function messageOf(name: MessageName, contentType: string, bundled = false) {
  const body = { $ref: SCHEMAS + name };
  const payload = bundled ? { type: "array", minItems: 1, maxItems: 50, items: body } : body;
  return { name, contentType, payload };
}
