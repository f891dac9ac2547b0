/** The machine lacks something that the local stack needs. The message is one sentence for a person: what to do. */
export class LocalSetupError extends Error {}
