import { randomBytes } from "node:crypto";

/**
 * A name that can't be guessed: 128 random bits, in hexadecimal. The client's `nuid` is a counter with a constant step: from two of
 * its names follow all others of the process.
 */
export const randomName = (): string => randomBytes(16).toString("hex");
