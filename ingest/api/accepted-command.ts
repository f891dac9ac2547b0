/** The 202 of a command: it is on disk, and `Location` says where to read what becomes of it. */
import type { FastifyReply } from "fastify";
import { z } from "zod";

export const AcceptedCommand = z
  .strictObject({ command_id: z.string(), duplicate: z.boolean() })
  .describe("The command is on disk; it is not decided yet. `Location` is where to read what becomes of it");
type AcceptedCommand = z.infer<typeof AcceptedCommand>;

/** The status and the header; the answer is for the route to send. */
export function acceptCommand(
  reply: FastifyReply,
  realm: string,
  accepted: AcceptedCommand,
): AcceptedCommand {
  void reply.code(202).header("location", `/internal/world/${realm}/commands/${accepted.command_id}`);
  return { command_id: accepted.command_id, duplicate: accepted.duplicate };
}
