/** What KV has can't be folded on from: a core throws it where it needs what the newest entries have forgotten. */
export class CacheUnusable extends Error {}
