/** What became of a command that was sent, as a sentence. */
import { type Api, type CommandState, Refusal } from "./api.ts";

/** The normalizer decides within this; where the next tick decides, the sentence names the tick. */
const LOOKS = { most: 6, pauseMs: 300 };

/**
 * Waits a moment for the command's end. `applied` and `waiting`: the sentence for each end; `waiting` for a command that the next tick decides.
 * Throws `Refusal` where the command was refused.
 */
export async function toldEnd(
  api: Api,
  realm: string,
  command: string,
  { applied, waiting }: { applied: string; waiting: string },
): Promise<string> {
  for (let look = 1; ; look++) {
    const { status, reason, tick } = await api.commandState(realm, command).catch((error: unknown) => {
      // A token that may not read it learns nothing more.
      if (error instanceof Refusal && error.status === 403) return { status: "waiting" } as CommandState;
      throw error;
    });
    const when = tick === undefined ? "" : ` at tick ${tick}`;
    if (status === "refused") throw new Refusal(409, `the realm refused it${when}: ${reason}`);
    if (status === "applied") return `${applied}${when}.`;
    if (look === LOOKS.most) return `${waiting} (${command})`;
    await new Promise((resolve) => setTimeout(resolve, LOOKS.pauseMs));
  }
}
