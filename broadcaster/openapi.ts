/** The document of the public port, as OpenAPI 3.1: made of the catalogue that is served and of the schemas of its answers. */
import { z } from "zod";
import {
  AliveFrame,
  DeltaFrame,
  NoticeFrame,
  PulseFrame,
  ResyncFrame,
  Since,
  SnapshotFrame,
} from "../shared/contracts/feed.ts";
import { Id } from "../shared/contracts/ids.ts";
import { PROBLEM_JSON, Problem } from "../shared/contracts/problem.ts";
import { Name } from "../shared/contracts/text.ts";
import { Consequence } from "../shared/contracts/trigger.ts";
import {
  ActionState,
  CampaignState,
  DerivedEvent,
  EffectState,
  FactionState,
  PublicState,
  TerritoryState,
} from "../shared/contracts/world.ts";
import { jsonSchemas } from "../shared/documents/json-schemas.ts";
import { FEED_PATH } from "./feed/feed.ts";
import { CURRENT, PARTS, pathOf, REALMS } from "./reads/catalogue.ts";
import * as answers from "./reads/schemas.ts";

export const OPENAPI_PATH = "/openapi.json";
export const ASYNCAPI_PATH = "/asyncapi.json";

const NAMED: Record<string, z.ZodType> = {
  Id,
  ...answers,
  PublicState,
  FactionState,
  TerritoryState,
  EffectState,
  ActionState,
  CampaignState,
  Consequence,
  Name,
  DerivedEvent,
  SnapshotFrame,
  DeltaFrame,
  ResyncFrame,
  PulseFrame,
  NoticeFrame,
  AliveFrame,
  Problem,
};
const NAMES = new Map(Object.entries(NAMED).map(([name, schema]) => [schema, name]));
const SCHEMAS = "#/components/schemas/";
const reference = (schema: z.ZodType) => ({ $ref: SCHEMAS + NAMES.get(schema)! });

const HEADERS = {
  ETag: "The answer's version: `If-None-Match` with it answers 304 while nothing of it changed",
  RateLimit:
    'Requests that are left, and seconds until all are: `"reads";r=599;t=1`; `"openings"` of feeds and streams',
  "RateLimit-Policy": 'Requests in a window of seconds: `"reads";q=600;w=60`',
  "Retry-After": "Seconds",
};
type Header = keyof typeof HEADERS;
const LIMITED: Header[] = ["RateLimit", "RateLimit-Policy"];

const headersOf = (names: readonly Header[]) => ({
  headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
});

/** Refusals by status, with the headers that say when to retry. */
const REFUSALS = {
  400: ["A parameter is wrong, and `errors` names it; or the request has a body", []],
  403: ["Pages of this origin may not open the feed", []],
  404: ["No such realm, or a tick that is still to come", []],
  410: ["The realm has ended", []],
  426: ["It was asked for without an upgrade to WebSocket", []],
  429: ["Too many requests, openings or open sockets of one address", ["Retry-After"]],
  503: [
    "The realm is being restored, too many streams are open, or past ticks can't be read at the moment: try again",
    ["Retry-After"],
  ],
} as const satisfies Record<number, readonly [string, readonly Header[]]>;

const refusals = (statuses: readonly (keyof typeof REFUSALS)[], headers: readonly Header[] = []) =>
  Object.fromEntries(
    statuses.map((status) => {
      const [description, own] = REFUSALS[status];
      const content = { [PROBLEM_JSON]: { schema: reference(Problem) } };
      return [status, { description, ...headersOf([...headers, ...own]), content }];
    }),
  );

/** Parameters of a query, from the schema that checks it. */
function parametersOf(query: z.ZodObject): object[] {
  const { properties = {} } = z.toJSONSchema(query, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as z.core.JSONSchema.JSONSchema;
    return { name, in: "query", required: false, ...(description ? { description } : {}), schema: rest };
  });
}
const pathParameters = (path: string) =>
  path.includes("{realm}") ? [{ $ref: "#/components/parameters/realm" }] : [];

type Read = { about: string; query: z.ZodObject; body: z.ZodType };

/** A read of the catalogue. `versioned`: it has an ETag. */
function readOf(path: string, { about, query, body }: Read, versioned: boolean): [string, object] {
  const known = { name: "If-None-Match", in: "header", required: false, schema: { type: "string" } };
  const headers: Header[] = versioned ? [...LIMITED, "ETag"] : LIMITED;
  const ofRealm = path.includes("{realm}") ? ([404, 410, 503] as const) : [];
  const responses = {
    200: {
      description: about,
      ...headersOf(headers),
      content: { "application/json": { schema: reference(body) } },
    },
    ...(versioned ? { 304: { description: "It is the version that is known", ...headersOf(headers) } } : {}),
    ...refusals([400, ...ofRealm, 429], LIMITED),
  };
  const parameters = [...pathParameters(path), ...parametersOf(query), ...(versioned ? [known] : [])];
  return [path, { get: { summary: about, parameters, responses } }];
}

const since = Since.optional().describe("The place to go on from: `<epoch>:<tick>`");

/** What isn't a read: it goes on, or it is a document. */
const OTHERS: Record<string, object> = {
  [pathOf("stream")]: {
    summary: "The feed as server-sent events, each with its place as `id`",
    parameters: [
      ...pathParameters("{realm}"),
      ...parametersOf(z.strictObject({ since })),
      {
        name: "Last-Event-ID",
        in: "header",
        required: false,
        description: "As browsers send it when they come back; goes before `since`",
        schema: { type: "string" },
      },
    ],
    responses: {
      200: {
        description:
          "What the client misses, then every tick as it comes. The data of each event is a frame as JSON",
        content: {
          "text/event-stream": {
            schema: {
              type: "string",
              contentMediaType: "application/json",
              contentSchema: {
                oneOf: [SnapshotFrame, DeltaFrame, ResyncFrame, PulseFrame, AliveFrame].map(reference),
              },
            },
          },
        },
      },
      ...refusals([400, 404, 410, 429, 503]),
    },
  },
  [FEED_PATH]: {
    summary: "The feed over WebSocket",
    parameters: [
      ...pathParameters("{realm}"),
      ...parametersOf(
        z.strictObject({
          since,
          token: z.string().optional().describe("Of a player, whose notices come along"),
        }),
      ),
    ],
    responses: {
      101: {
        description:
          `Frames as msgpack maps: SnapshotFrame, DeltaFrame, ResyncFrame, PulseFrame, NoticeFrame, AliveFrame. \`${ASYNCAPI_PATH}\` says more, ` +
          "also what a client may send.",
      },
      ...refusals([400, 403, 404, 410, 426, 429, 503]),
    },
  },
  [OPENAPI_PATH]: documentOf("This document"),
  [ASYNCAPI_PATH]: documentOf("The document of subjects and feed, as AsyncAPI 3"),
};

function documentOf(about: string) {
  const content = { "application/json": { schema: { type: "object" } } };
  return { summary: about, responses: { 200: { description: about, content }, ...refusals([400, 429]) } };
}

/** OpenAPI 3.1 of all that the public port serves but the page. */
export function openapi(): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Amoisekai world: public reads and feed",
      version: "1",
      description:
        "Points and stocks are in thousandths, shares and factors in basis points, times are RFC 3339. Every error is a problem " +
        "(RFC 9457). Any origin may read; nothing here takes anything but GET, and HEAD, which is answered " +
        "alike without the body.",
    },
    servers: [{ url: "/" }],
    paths: Object.fromEntries([
      readOf(REALMS.path, REALMS, false),
      ...Object.entries(PARTS).map(([name, read]) => readOf(pathOf(name), read, true)),
      ...Object.entries(CURRENT).map(([name, read]) => readOf(pathOf(name), read, false)),
      ...Object.entries(OTHERS).map(([path, get]) => [path, { get }]),
    ]),
    components: {
      parameters: { realm: { name: "realm", in: "path", required: true, schema: reference(Id) } },
      headers: Object.fromEntries(
        Object.entries(HEADERS).map(([name, description]) => [
          name,
          { description, schema: { type: "string" } },
        ]),
      ),
      schemas: jsonSchemas(NAMED, SCHEMAS, "draft-2020-12"),
    },
  };
}
