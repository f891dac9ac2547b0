/** Position: how far a stage has read, committed in one atomic batch with what it wrote. */
import { z } from "zod";

export const Position = z.strictObject({
  /** Last input sequence that the outputs before this message account for. */
  through: z.int().min(0),
  /** When the input stream was created, as the server says: another stream of that name is another log. */
  input_created: z.string(),
  worker: z.string(),
  /** Unique per commit: tells after a timeout whose commit the stream holds. */
  commit_id: z.string(),
});
export type Position = z.infer<typeof Position>;
