import { z } from "zod";

/** An integer from a tenth to ten times its default. */
export const around = (byDefault: number) =>
  z
    .int()
    .min(Math.ceil(byDefault / 10))
    .max(byDefault * 10);
