/** The identifiers of the contracts. Every token of a NATS subject is one of these, so no id can hold a wildcard, a dot or NUL. */
import { z } from "zod";

/** Realms, factions, territories, relics, campaigns and every other thing of the world. */
export const Id = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);
/** Players, devices and sessions, as the account system names them. */
export const AccountId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
export const IdempotencyKey = z.string().regex(/^[A-Za-z0-9_.:-]{8,128}$/);
/** Of an event or a command, made of what it says: `identity.ts`. */
export const ContentId = z.string().regex(/^[a-z2-7]{26}$/);
/** `combat.skirmish`: what the player did, in the story engine's own vocabulary. */
export const ActionKey = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/);
/** A share, factor or control: 10 000 = 1. */
export const BasisPoints = z.int().min(0).max(10_000);
