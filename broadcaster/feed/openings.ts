/**
 * How often an address may open feeds and streams. A request of 68 bytes can ask for everything of the last 256 ticks, so what is
 * sent to catch up counts as well.
 */
import { RateLimit } from "../../shared/process/rate-limit.ts";

/** This many bytes of catching up count as one more opening. */
const BYTES_OF_ONE = 65_536;

export class Openings {
  readonly limit: RateLimit;

  /** `perMinute`: openings of an address. */
  constructor(perMinute: number) {
    this.limit = new RateLimit("openings", perMinute);
  }

  /** Counts bytes of missed frames that were sent to an address. */
  caughtUp(address: string, bytes: number): void {
    this.limit.charge(address, bytes / BYTES_OF_ONE, Date.now());
  }
}
