/** The page: the wheel in the middle of it, what counts beside it, the past below. */
import { useMemo, useState } from "preact/hooks";
import { Heralds } from "../../shared/web/heraldry.ts";
import { title } from "../../shared/web/words.ts";
import { useLive } from "./following.tsx";
import type { Live } from "./live.ts";
import { Wheel } from "./map/wheel.tsx";
import { Corner } from "./panels/corner.tsx";
import { Deeds } from "./panels/deeds.tsx";
import { Effects } from "./panels/effects.tsx";
import { Meters } from "./panels/meters.tsx";
import { Now } from "./panels/now.tsx";
import { Scrubber, useTimeTravel } from "./panels/scrubber.tsx";
import { Standings } from "./panels/standings.tsx";
import { TerritoryList } from "./panels/territory-list.tsx";
import { TerritoryPanel } from "./panels/territory-panel.tsx";
import { Ticker } from "./panels/ticker.tsx";
import type { Shown } from "./past.ts";
import type { RealmLine } from "./reads.ts";

export function Observatory({
  live,
  realms,
  chosen,
}: {
  live: Live;
  realms: RealmLine[];
  chosen: RealmLine;
}) {
  useLive(live);
  const travel = useTimeTravel(live);
  const [selected, select] = useState<string>();
  const state = travel.state ?? live.world?.state;
  const factions = Object.keys(state?.factions ?? {}).join(" ");
  const heralds = useMemo(() => new Heralds(factions === "" ? [] : factions.split(" ")), [factions]);

  if (state === undefined)
    return (
      <>
        <p class="waiting" role="status">
          {live.status === "closed" ? "This realm can't be shown." : `Looking for ${chosen.name} …`}
        </p>
        <Corner live={live} />
      </>
    );
  const { names } = live;
  const now = travel.state === undefined;
  const shown =
    selected !== undefined && Object.hasOwn(state.territories, selected) ? selected : hottest(state);
  const pressure = now ? live.pressure : {};
  const outlooks = now ? live.outlooks : {};
  return (
    <>
      <a class="button skip" href="#standings">
        Skip the map
      </a>
      <header class="masthead">
        <div>
          <p class="eyebrow">Amoisekai · the shared world</p>
          <h1>{chosen.name}</h1>
        </div>
        {realms.length > 1 && <Realms realms={realms} chosen={chosen} />}
        <Now live={live} state={state} past={!now} />
      </header>
      <main class={now ? "" : "past"}>
        <section class="map card" aria-label="Map">
          <Wheel
            state={state}
            places={live.map?.territories}
            {...{ heralds, names, pressure, outlooks }}
            selected={shown}
            onSelect={select}
            clock={now ? { nextMs: live.nextTickMs, seconds: live.tickSeconds } : undefined}
          />
          <Scrubber live={live} travel={travel} />
        </section>
        <div class="beside">
          <TerritoryPanel
            {...{ state, heralds, names, pressure }}
            id={shown}
            outlook={outlooks[shown]}
            tickSeconds={live.tickSeconds}
            neighbours={live.map?.territories.find(({ id }) => id === shown)?.adjacent ?? []}
            onSelect={select}
          />
          <Meters meters={state.meters} />
          <Ticker live={live} until={travel.tick} heralds={heralds} />
        </div>
        <Standings {...{ live, state, heralds, names }} viewed={travel.tick} />
        <div class="pair">
          <Effects {...{ state, names }} tickSeconds={live.tickSeconds} />
          <Deeds {...{ state, heralds, names }} tickSeconds={live.tickSeconds} />
        </div>
        <TerritoryList {...{ state, heralds, names, outlooks }} selected={shown} onSelect={select} />
      </main>
      <Corner live={live} />
    </>
  );
}

function Realms({ realms, chosen }: { realms: RealmLine[]; chosen: RealmLine }) {
  return (
    <nav aria-label="Realms" class="realms">
      {realms.map(({ realm, name, status }) => (
        <a
          key={realm}
          class="button"
          href={`?realm=${realm}`}
          aria-current={realm === chosen.realm ? "page" : undefined}
        >
          {name}
          {status !== "active" && <small> {title(status)}</small>}
        </a>
      ))}
    </nav>
  );
}

/** What to look at first: the most unstable territory, the most valuable of equals. */
function hottest({ territories }: Shown): string {
  const [first] = Object.entries(territories).sort(
    ([a, x], [b, y]) =>
      y.instability - x.instability || y.strategic_value - x.strategic_value || (a < b ? -1 : 1),
  );
  return first?.[0] ?? "";
}
