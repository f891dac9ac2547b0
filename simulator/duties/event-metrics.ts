/** Events that factions and game masters cause, as labels of a metric: few and closed. */
import type { DerivedEvent } from "../../shared/contracts/world.ts";

/** Kind and reason under which an event is counted; `undefined` for events that only contests and triggers cause. */
export function metricLabels(event: DerivedEvent): [kind: string, reason: string] | undefined {
  switch (event.kind) {
    case "action":
      return ["action", event.status];
    case "council":
      return ["council", event.step === "open" ? "open" : event.reason];
    case "resource":
      return ["resource", event.change < 0 ? "spend" : "grant"];
    case "decree":
      return ["decree", "issued"];
    case "refused":
      return ["refused", event.reason];
    default:
      return undefined;
  }
}
