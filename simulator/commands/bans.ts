/** Bans are the judgement's: the world tells that there is one, by whom and until when, and never of whom. */
import type { CommandHandler } from "./command-handler.ts";

export const tellBan: CommandHandler<"user.ban"> = (state, { command_id: id, actor, payload }) => ({
  state,
  happenings: [{ kind: "ban", id, author: actor.id, until: payload.until }],
});

export const tellUnban: CommandHandler<"user.unban"> = (state, { command_id: id, actor }) => ({
  state,
  happenings: [{ kind: "unban", id, author: actor.id }],
});
