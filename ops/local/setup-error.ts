/** The machine or the local stack lacks something that a command needs. The message is one sentence for a person: what to do. */
export class LocalSetupError extends Error {}
