/** The page: one realm, live. It shows what the client library vouches for, and nothing else. */
import canonicalize from "canonicalize";
import { FeedClient } from "/shared/feed-client.ts";

const KNOWN_COLOURS = { empire: "#b5473c", freeholds: "#3f8a54", veilborn: "#7357b8" };
const MAX_EVENTS = 30;

const at = (id) => document.getElementById(id);
const title = (id) => id.replace(/[_-]+/g, " ").replace(/\b\w/g, (letter) => letter.toUpperCase());
const percent = (basisPoints) => `${(basisPoints / 100).toFixed(1)} %`;
const byShare = ([a, x], [b, y]) => y - x || (a < b ? -1 : 1);

/** An element with text and children; text never becomes markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Factions that the page doesn't know get a hue from their name. */
function colourOf(faction) {
  if (Object.hasOwn(KNOWN_COLOURS, faction)) return KNOWN_COLOURS[faction];
  let hue = 0;
  for (const letter of faction) hue = (hue * 31 + letter.charCodeAt(0)) % 360;
  return `hsl(${hue} 45% 48%)`;
}
const coloured = (faction) => (faction === undefined ? {} : { style: `--faction: ${colourOf(faction)}` });
const dot = (faction) => element("span", { class: "dot", ...coloured(faction) });

function bar(parts, label, kind = "bar") {
  const pieces = parts.map(([faction, basisPoints]) => {
    const piece = element("i", coloured(faction));
    piece.style.flexGrow = basisPoints;
    piece.title = `${title(faction)} ${percent(basisPoints)}`;
    return piece;
  });
  return element("div", { class: kind, role: "img", "aria-label": label }, ...pieces);
}
const spoken = (parts) => parts.map(([faction, bp]) => `${title(faction)} ${percent(bp)}`).join(", ");

/** Of the ruleset; absent while it isn't known. */
let tickSeconds;
let nextTickAt;

function showNow({ tick, state }) {
  const facts = [
    ["Tick", tick],
    ["Next tick", ""],
    ["Season", state.season],
    ["Status", title(state.status)],
    ["Tension", percent(state.meters.global_tension)],
    ["Catastrophe", percent(state.meters.catastrophe_meter)],
  ];
  at("now").replaceChildren(
    ...facts.map(([name, value]) =>
      element(
        "dl",
        {},
        element("dt", {}, name),
        element("dd", name === "Next tick" ? { id: "next" } : {}, `${value}`),
      ),
    ),
  );
  nextTickAt =
    state.status === "active" && tickSeconds ? Date.parse(state.at) + tickSeconds * 1_000 : undefined;
  showCountdown();
}

function showCountdown() {
  const next = at("next");
  if (next === null) return;
  if (nextTickAt === undefined) next.textContent = "–";
  else {
    const seconds = Math.max(0, Math.round((nextTickAt - Date.now()) / 1_000));
    const minutes = Math.floor(seconds / 60);
    next.textContent = minutes > 0 ? `${minutes}:${`${seconds % 60}`.padStart(2, "0")}` : `${seconds} s`;
  }
}

function showStandings({ factions }) {
  const shares = Object.entries(factions).map(([id, { share_bp }]) => [id, share_bp]);
  shares.sort(byShare);
  const whole = bar(shares, spoken(shares), "bar tall");
  whole.id = "shares";
  at("shares").replaceWith(whole);
  at("standings").replaceChildren(
    ...shares.map(([id, share]) => {
      const trend = factions[id].trend_bp;
      const sign = trend > 0 ? "+" : trend < 0 ? "−" : "±";
      return element(
        "li",
        { class: "row" },
        element("span", {}, dot(id), title(id)),
        element(
          "span",
          { class: "number" },
          `${percent(share)} `,
          element("small", {}, `${sign}${percent(Math.abs(trend))}`),
        ),
      );
    }),
  );
}

function showTerritories({ territories }, before) {
  at("territories").replaceChildren(
    ...Object.keys(territories)
      .sort()
      .map((id) => {
        const { controller, control, contested, instability } = territories[id];
        const parts = Object.entries(control).sort(byShare);
        const flipped = before !== undefined && before.territories[id]?.controller !== controller;
        const notes = [contested ? "contested" : "", instability > 0 ? `unrest ${percent(instability)}` : ""];
        return element(
          "li",
          flipped ? { class: "changed" } : {},
          element(
            "div",
            { class: "row" },
            element("span", {}, dot(controller), title(id)),
            element("small", {}, controller === undefined ? "nobody" : title(controller)),
          ),
          bar(parts, spoken(parts)),
          element("small", {}, notes.filter(Boolean).join(" · ")),
        );
      }),
  );
}

function showEffects({ effects, tick }) {
  const lines = Object.entries(effects).map(([id, { kind, until_tick, faction }]) =>
    element(
      "li",
      { class: "row" },
      element("span", {}, title(id)),
      element(
        "small",
        {},
        [kind, faction && title(faction), `${until_tick - tick} ticks left`].filter(Boolean).join(" · "),
      ),
    ),
  );
  at("effects").replaceChildren(
    ...(lines.length > 0 ? lines : [element("li", {}, element("small", {}, "none"))]),
  );
}

function describe(event) {
  switch (event.kind) {
    case "flip":
      return `${title(event.to)} took ${title(event.territory)}${event.from ? ` from ${title(event.from)}` : ""}`;
    case "capture":
      return `${title(event.faction)} captured the ${title(event.relic)}`;
    case "trigger":
      return `${title(event.key)} begins`;
    case "effect_start":
      return `${title(event.id)} takes effect`;
    case "effect_end":
      return `${title(event.id)} ends`;
    case "status":
      return `The realm is now ${title(event.status)}`;
    default:
      return title(
        [event.kind, event.id, event.stage ?? event.version].filter((part) => part !== undefined).join(" "),
      );
  }
}

function addEvents(events) {
  const list = at("events");
  if (events.length > 0) list.querySelector("li:not(.row)")?.remove();
  for (const event of events)
    list.prepend(
      element(
        "li",
        { class: "row changed" },
        element("span", {}, describe(event)),
        element("small", {}, `tick ${event.tick}`),
      ),
    );
  while (list.children.length > MAX_EVENTS) list.lastChild.remove();
}

/** SHA-256 of the canonical form; browsers give it to pages from a trusted origin only. */
const hashOf =
  globalThis.crypto?.subtle &&
  (async (state) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonicalize(state)));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  });

async function worldNow() {
  for (;;) {
    try {
      const { realms } = await (await fetch("/api/world")).json();
      if (realms.length > 0) return realms;
    } catch {
      // The broadcaster is on its way.
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

const realms = await worldNow();
const wanted = new URLSearchParams(location.search).get("realm");
const chosen = realms.find(({ realm }) => realm === wanted) ?? realms[0];
at("name").textContent = chosen.name;
document.title = `${chosen.name} · Amoisekai`;
if (realms.length > 1)
  at("realms").replaceChildren(
    ...realms.map(({ realm, name }) =>
      element(
        "a",
        { href: `?realm=${realm}`, ...(realm === chosen.realm ? { "aria-current": "page" } : {}) },
        name,
      ),
    ),
  );

/** The state doesn't hold the tick's length, which changes with the ruleset. */
async function readTickSeconds() {
  try {
    const summary = await (await fetch(`/api/world/${chosen.realm}/summary`)).json();
    if (summary.next_tick_at === undefined) return;
    nextTickAt = Date.parse(summary.next_tick_at);
    tickSeconds = (nextTickAt - Date.parse(summary.at)) / 1_000;
    showCountdown();
  } catch {
    // Only the countdown misses it.
  }
}

let shown;
const STATUS = { open: "live", waiting: "reconnecting", connecting: "connecting", closed: "closed" };
new FeedClient({
  url: location.origin,
  realm: chosen.realm,
  ...(hashOf ? { hash: hashOf } : {}),
  status: (status) => {
    const connection = at("connection");
    connection.textContent = STATUS[status];
    connection.dataset.status = STATUS[status];
  },
  changed: (world, frame) => {
    document.querySelector("main").hidden = false;
    showNow(world);
    showStandings(world.state);
    showTerritories(world.state, shown);
    showEffects(world.state);
    if (frame.type === "delta") addEvents(frame.events);
    at("hash").textContent = `${hashOf ? "verified" : "state"} ${world.hash}`;
    const { ruleset_version, status } = world.state;
    if (ruleset_version !== shown?.ruleset_version || status !== shown?.status) void readTickSeconds();
    shown = world.state;
  },
});
setInterval(showCountdown, 1_000);
