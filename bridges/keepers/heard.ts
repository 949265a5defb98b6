import { setImmediate as turn } from "node:timers/promises";
import type { Channel } from "../channel/channel.ts";

/** True where a session gets what is said in a channel, by its name or by a pattern. */
export function isHeard({ subscribers, patterns }: Channel): boolean {
  if (subscribers.size > 0) return true;
  for (const pattern of patterns) if (pattern.subscribers.size > 0) return true;
  return false;
}

/** Resolves when we have heard, in channels that we are in, what their networks have sent by now. @throws NetworkError */
export async function caughtUp(channels: Iterable<Channel>): Promise<void> {
  // What has come is read first.
  await turn();
  await turn();
  await Promise.all([...channels].map(({ network, name }) => network.agreement?.caughtUp(name)));
}

/** Puts what comes in one turn of the event loop together. */
export class Gathered<Thing> {
  readonly #use: (things: readonly Thing[]) => void;
  #things: Thing[] = [];

  constructor(use: (things: readonly Thing[]) => void) {
    this.#use = use;
  }

  add(...things: readonly Thing[]): void {
    if (this.#things.length === 0) setImmediate(() => this.#flush());
    this.#things.push(...things);
  }

  #flush(): void {
    const things = this.#things;
    this.#things = [];
    this.#use(things);
  }
}
