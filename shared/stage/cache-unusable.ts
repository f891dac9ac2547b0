/**
 * The cached entries can't be folded further: a core throws it where a decision needs history that the newest entries no longer
 * hold.
 */
export class CacheUnusable extends Error {}
