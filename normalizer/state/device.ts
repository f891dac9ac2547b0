/** A device's state, laid out like a player's (`player.ts`): nearly every device has one user. */
import type { DeviceEntry } from "../../shared/judgement/caps-entry.ts";
import {
  blank,
  columnFrom,
  columnOf,
  emptyPlaces,
  fillPlace,
  LIST_HEAD,
  type List,
  withRoom,
} from "./packed-lists.ts";

// The head, by index.
const THROUGH = 0;
const LAST_MS = 1;
const BURST = 2;
const DRIP = 3;
const TURNS = 4;
/** The latest day with points, and its points. */
const DAY = 5;
const POINTS = 6;
/** When each of the users was there last. More places than `device_users` may be, since who comes comes before who goes. */
const USERS_MS: List = { at: 7, columns: 1, most: 66 };

const LAYOUT = { head: USERS_MS.at + LIST_HEAD, lists: [USERS_MS] };

export class DeviceState {
  dirty = false;
  id: string | undefined = undefined;
  /** Who played on it lately, oldest first. */
  readonly users: string[];
  #numbers: number[];

  constructor(users: string[] = []) {
    this.users = users;
    this.#numbers = blank(LAYOUT, [Math.max(1, users.length)]);
  }

  static of({ through, lastMs, burst, drip, turns, today, users }: DeviceEntry): DeviceState {
    const device = new DeviceState(users.ids);
    const numbers = device.#numbers;
    numbers[THROUGH] = through;
    numbers[LAST_MS] = lastMs;
    numbers[BURST] = burst;
    numbers[DRIP] = drip;
    numbers[TURNS] = turns;
    numbers[DAY] = today.day;
    numbers[POINTS] = today.points;
    for (const atMs of users.lastMs) numbers[fillPlace(numbers, USERS_MS)] = atMs;
    return device;
  }

  get through(): number {
    return this.#numbers[THROUGH]!;
  }
  set through(source_seq: number) {
    this.#numbers[THROUGH] = source_seq;
  }

  get lastMs(): number {
    return this.#numbers[LAST_MS]!;
  }
  set lastMs(atMs: number) {
    this.#numbers[LAST_MS] = atMs;
  }

  get burst(): number {
    return this.#numbers[BURST]!;
  }
  set burst(untilMs: number) {
    this.#numbers[BURST] = untilMs;
  }

  get drip(): number {
    return this.#numbers[DRIP]!;
  }
  set drip(untilMs: number) {
    this.#numbers[DRIP] = untilMs;
  }

  /** Heat of going from hand to hand. */
  get turns(): number {
    return this.#numbers[TURNS]!;
  }
  set turns(untilMs: number) {
    this.#numbers[TURNS] = untilMs;
  }

  /** Milli-points on a day, where it is the latest with any. */
  pointsOf(day: number): number {
    return this.#numbers[DAY] === day ? this.#numbers[POINTS]! : 0;
  }

  /** Adds milli-points to a day that is still known, or takes them from it; never below 0. */
  adjust(day: number, points: number): void {
    if (this.#numbers[DAY] === day) this.#numbers[POINTS] = Math.max(0, this.#numbers[POINTS]! + points);
  }

  /** Counts milli-points; the first of another day begin a new one. */
  count(day: number, points: number): void {
    this.#numbers[POINTS] = this.pointsOf(day) + points;
    this.#numbers[DAY] = day;
  }

  /** When the user at this place was there last. */
  userMs(place: number): number {
    return this.#numbers[columnOf(this.#numbers, USERS_MS, 0) + place]!;
  }

  /** Notes that a user was there; of more than `most` the one who was there longest ago is forgotten. */
  played(user: string, atMs: number, most: number): void {
    const { users } = this;
    if (users.at(-1) !== user) {
      const place = users.indexOf(user);
      if (place !== -1) this.#forget(place, 1);
      users.push(user);
      this.#numbers = withRoom(this.#numbers, LAYOUT, USERS_MS);
      fillPlace(this.#numbers, USERS_MS);
    }
    this.#numbers[columnOf(this.#numbers, USERS_MS, 0) + users.length - 1] = atMs;
    if (users.length > most) this.#forget(0, users.length - most);
  }

  #forget(place: number, gone: number): void {
    this.users.splice(place, gone);
    emptyPlaces(this.#numbers, USERS_MS, place, gone);
  }

  lists(): DeviceEntry {
    const { through, lastMs, burst, drip, turns, users: ids } = this;
    const today = { day: this.#numbers[DAY]!, points: this.#numbers[POINTS]! };
    return {
      through,
      lastMs,
      burst,
      drip,
      turns,
      today,
      users: { ids, lastMs: columnFrom(this.#numbers, USERS_MS, 0) },
    };
  }
}
