/** The page: the wheel in the middle of it, what counts beside it, the past below. */

import { useMemo, useState } from "preact/hooks";
import { find } from "../../shared/exact/by-id.ts";
import { Boundary } from "../../shared/web/boundary.tsx";
import { Heralds } from "../../shared/web/heraldry.ts";
import { wordsOf } from "../../shared/world/name-for.ts";
import { useLive } from "./following.tsx";
import type { LiveView } from "./live.ts";
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
  live: LiveView;
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
  const attempt = `${state.tick} ${live.world?.tick}`;
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
        <Boundary part="The clock" attempt={attempt}>
          <Now live={live} state={state} past={!now} />
        </Boundary>
      </header>
      <main class={now ? "" : "past"}>
        <section class="map card" aria-label="Map">
          <Boundary part="The map" attempt={attempt}>
            <Wheel
              state={state}
              places={live.map?.territories}
              {...{ heralds, names, pressure, outlooks }}
              selected={shown}
              onSelect={select}
              clock={now ? { nextMs: live.nextTickMs, seconds: live.tickSeconds } : undefined}
            />
          </Boundary>
          <Boundary part="The way back in time" attempt={attempt}>
            <Scrubber live={live} travel={travel} />
          </Boundary>
        </section>
        <div class="beside">
          <Boundary part="The territory" attempt={`${attempt} ${shown}`}>
            <TerritoryPanel
              {...{ state, heralds, names, pressure }}
              id={shown}
              outlook={find(outlooks, shown)}
              tickSeconds={live.tickSeconds}
              neighbours={live.map?.territories.find(({ id }) => id === shown)?.adjacent ?? []}
              onSelect={select}
            />
          </Boundary>
          <Boundary part="The world's temper" attempt={attempt}>
            <Meters meters={state.meters} />
          </Boundary>
          <Boundary part="What happened" attempt={attempt}>
            <Ticker live={live} until={travel.tick} heralds={heralds} />
          </Boundary>
        </div>
        <Boundary part="Standings" attempt={attempt}>
          <Standings {...{ live, state, heralds, names }} viewed={travel.tick} />
        </Boundary>
        <div class="pair">
          <Boundary part="At work in the world" attempt={attempt}>
            <Effects {...{ state, names }} tickSeconds={live.tickSeconds} />
          </Boundary>
          <Boundary part="Deeds under way" attempt={attempt}>
            <Deeds {...{ state, heralds, names }} tickSeconds={live.tickSeconds} />
          </Boundary>
        </div>
        <Boundary part="Territories" attempt={attempt}>
          <TerritoryList {...{ state, heralds, names, outlooks }} selected={shown} onSelect={select} />
        </Boundary>
      </main>
      <Corner live={live} shown={{ tick: state.tick, past: !now }} />
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
          {status !== "active" && <small> {wordsOf(status)}</small>}
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
