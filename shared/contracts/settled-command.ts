/**
 * What became of commands that the world decides. `world.commands.<realm>` carries a tick's, in parts, in the tick's own batch. They
 * follow from the tick alone; its private hash commits to them.
 */
import { z } from "zod";
import { ContentId, Id } from "./ids.ts";

/** A tick's record names so many of its commands, votes aside. */
export const SETTLED_TOLD = 64;

/** Largest body on `world.commands`, in bytes. */
export const MAX_COMMANDS_BYTES = 256 * 1024;

/** `id`: the command's. `reason`: of a refused one. */
export const SettledCommand = z.strictObject({
  id: ContentId,
  status: z.enum(["applied", "refused"]),
  reason: z.string().exactOptional(),
});
export type SettledCommand = z.infer<typeof SettledCommand>;

/** `part` counts from 1 to `parts`; commands are in log order over all parts. A tick that decided none has no part. */
export const SettledCommandsPart = z.strictObject({
  realm: Id,
  tick: z.int().min(1),
  part: z.int().min(1),
  parts: z.int().min(1),
  commands: z.array(SettledCommand),
});
export type SettledCommandsPart = z.infer<typeof SettledCommandsPart>;
