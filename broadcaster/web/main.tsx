/** The observatory: one realm, live. It shows what the client library vouches for, and nothing else. */
import { render } from "preact";
import "../../shared/web/base.css";
import { Boundary } from "../../shared/web/boundary.tsx";
import "../../shared/web/hatching.css";
import "./observatory.css";
import { useLive } from "./following.tsx";
import { Live } from "./live.ts";
import { Observatory } from "./observatory.tsx";
import { type RealmLine, readRealms } from "./reads.ts";

/** Pause before the realms are asked for again, ms; a random part of it is added, so that not all pages ask at once. */
const LOOK_AGAIN_MS = 1_000;

/** Waits until there is a realm to show. */
async function realmsAtLast(): Promise<RealmLine[]> {
  for (;;) {
    const realms = await readRealms(location.origin).catch((): RealmLine[] => []);
    if (realms.length > 0) return realms;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS * (1 + Math.random())));
  }
}

const page = document.getElementById("page")!;
render(
  <p class="waiting" role="status">
    The observatory is opening its eye …
  </p>,
  page,
);
const realms = await realmsAtLast();
const wanted = new URLSearchParams(location.search).get("realm");
const chosen = realms.find(({ realm }) => realm === wanted) ?? realms[0]!;
document.title = `${chosen.name} · Amoisekai`;
const live = new Live(location.origin, chosen.realm);
// What only waits for the placeholder to go would be drawn beside it.
render(null, page);
render(<Observed />, page);

/** The outermost boundary: what no panel's own boundary catches is told too, and drawn again when the realm moves. */
function Observed() {
  useLive(live);
  return (
    <Boundary part="The observatory" attempt={live.world?.tick}>
      <Observatory live={live} realms={realms} chosen={chosen} />
    </Boundary>
  );
}
