import {
  browserBytes,
  MAX_REFERENCES,
  splitToFit,
  writeAnnouncement,
  type Announcement,
  type BridgeState,
  type Browser,
} from "./announcement.ts";
import { Window } from "./window.ts";

/** What an announcer needs. */
export interface AnnouncerOptions {
  readonly epoch: string;
  /** Browsers that are announced; the rest are only counted. */
  readonly maxMembers: number;
  /** @returns false where nobody heard it */
  readonly say: (text: string) => boolean;
}

type Item = { readonly joined: Browser } | { readonly left: string };

/** A public id, its quotes and its comma. */
const LEFT_BYTES = 16;

/** Tells the other bridges in one channel of our named browsers: changes with numbers, and the whole list when asked. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #browsers: Window<string>;
  /** Since the last change was announced. */
  readonly #joined = new Map<string, string>();
  readonly #left = new Set<string>();
  #version = 0;
  #saidTotal = 0;
  #asks = 0;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#browsers = new Window(options.maxMembers);
  }

  get epoch(): string {
    return this.#options.epoch;
  }

  /** True when others may know something of our browsers. */
  get hasSpoken(): boolean {
    return this.#version > 0;
  }

  /** True when a change is to be announced. */
  get isDue(): boolean {
    return this.#joined.size > 0 || this.#left.size > 0 || this.#saidTotal !== this.#browsers.size;
  }

  /** All named browsers here, id and name; others may not know yet. */
  get browsers(): Iterable<readonly [string, string]> {
    return this.#browsers;
  }

  /** The number of the newest ask. */
  get asks(): number {
    return this.#asks;
  }

  add(id: string, name: string): void {
    if (this.#browsers.get(id) === undefined && this.#browsers.add(id, name)) this.#announceJoined(id, name);
  }

  remove(id: string): void {
    const { gone, next } = this.#browsers.delete(id);
    if (gone !== undefined && !this.#joined.delete(id)) this.#left.add(id);
    if (next) this.#announceJoined(next.id, next.value);
  }

  /** Announces what changed. The version grows also when nobody hears it, so that they see later what they missed. */
  change(): boolean {
    if (!this.isDue) return true;
    const joined = [...this.#joined].map(([id, name]): Item => ({ joined: { id, name } }));
    const left = [...this.#left].map((id): Item => ({ left: id }));
    this.#joined.clear();
    this.#left.clear();
    this.#saidTotal = this.#browsers.size;
    let isHeard = true;
    for (const items of splitToFit([...left, ...joined], bytesOf)) {
      this.#version += 1;
      isHeard =
        this.#say({
          type: "change",
          ...this.#state,
          joined: items.flatMap((item) => ("joined" in item ? [item.joined] : [])),
          left: items.flatMap((item) => ("left" in item ? [item.left] : [])),
        }) && isHeard;
    }
    return isHeard;
  }

  /** Says only how far we are: who has missed something asks. */
  hello(): boolean {
    return this.#say({ type: "hello", ...this.#state });
  }

  /** @param of the epochs that are asked, or null for all who have browsers here */
  ask(of: readonly string[] | null): boolean {
    this.#asks += 1;
    const references = of !== null && of.length > MAX_REFERENCES ? of.slice(0, MAX_REFERENCES) : of;
    return this.#say({ type: "ask", ...this.#state, number: this.#asks, of: references });
  }

  /** @param answers the asks that it answers */
  list(answers: readonly string[]): boolean {
    const browsers = [...this.#browsers.shown].map(([id, name]) => ({ id, name }));
    const groups = splitToFit(browsers, browserBytes);
    const say = (group: readonly Browser[], index: number) =>
      this.#say({
        type: "list",
        ...this.#state,
        part: index + 1,
        parts: groups.length,
        browsers: group,
        answers: answers.slice(0, MAX_REFERENCES),
      });
    return groups.map(say).every(Boolean);
  }

  get #state(): BridgeState {
    const { size: total, shown } = this.#browsers;
    return { epoch: this.epoch, version: this.#version, total, listed: shown.size };
  }

  #announceJoined(id: string, name: string): void {
    // Its leaving has not been announced yet: then nothing has changed.
    if (!this.#left.delete(id)) this.#joined.set(id, name);
  }

  #say(announcement: Announcement): boolean {
    return this.#options.say(writeAnnouncement(announcement));
  }
}

function bytesOf(item: Item): number {
  return "joined" in item ? browserBytes(item.joined) : LEFT_BYTES;
}
