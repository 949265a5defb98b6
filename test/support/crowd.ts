import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import type { Cluster } from "../../halod/index.ts";
import { type MovingPage, openPage, type PageKind } from "./moving-pages.ts";
import { RawIrc } from "./raw-irc.ts";

const PAGES = 20;
const CHANNELS = 5;
export const EVERY_MS = 40;
const KINDS: readonly PageKind[] = [
  "cometd websocket",
  "cometd long-polling",
  "faye websocket",
  "faye long-polling",
  "eventsource",
];

/** What a crowd needs of a stack. */
export interface CrowdStack {
  readonly url: string;
  readonly ircd: { readonly host: string; readonly port: number };
  readonly table: Cluster;
}

/** Somebody on IRC who counts in several channels, and pages that listen. */
export class Crowd implements AsyncDisposable {
  readonly pages: MovingPage[] = [];
  readonly #stack: CrowdStack;
  readonly #resources = new AsyncDisposableStack();
  #said = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(stack: CrowdStack) {
    this.#stack = stack;
  }

  /** @param both two bridges that are to have pages in every channel, so that both are in it */
  static async gather(stack: CrowdStack, both: readonly number[] = []): Promise<Crowd> {
    const crowd = new Crowd(stack);
    try {
      await crowd.#gather(both);
      return crowd;
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when every page has heard something that was said after now. */
  async hears(withinMs = 10_000, pages: readonly MovingPage[] = this.pages): Promise<void> {
    const said = this.#said;
    await vi.waitFor(
      () => {
        const deaf = pages.filter(({ heard }) => !((heard.at(-1) ?? 0) > said));
        if (deaf.length > 0)
          throw new Error(`deaf: ${deaf.map(({ kind, failures }) => [kind, ...failures].join(" ")).join("; ")}`);
      },
      { timeout: withinMs, interval: 10 },
    );
  }

  /** How many sessions a bridge owns by the newest table. */
  of(node: number): MovingPage[] {
    const { owners } = this.#stack.table;
    return this.pages.filter(({ clientId }) => owners[(routeOf(clientId()) ?? 0) - 1] === node);
  }

  /** What pages have noticed: handshakes, failures, and numbers that are missing, twice or out of order. */
  disturbances(): string[] {
    return this.pages.flatMap(({ kind, heard, handshakes, failures }) => {
      const wrong = heard.findIndex((number, index) => index > 0 && number !== (heard[index - 1] ?? 0) + 1);
      const order = wrong < 0 ? [] : [`heard ${heard.slice(Math.max(0, wrong - 3), wrong + 3).join(" ")}`];
      const shaken = handshakes() === 1 ? [] : [`${handshakes()} handshakes`];
      return [...shaken, ...failures, ...order].map((text) => `${kind}: ${text}`);
    });
  }

  /** The longest silence of each page that ended since a time, in milliseconds, the shortest of them first. */
  pausesSince(sinceMs: number, pages: readonly MovingPage[]): number[] {
    const pauses = pages.map(({ heardMs }) => {
      return Math.max(0, ...heardMs.map((atMs, index) => (atMs < sinceMs ? 0 : atMs - (heardMs[index - 1] ?? atMs))));
    });
    return pauses.toSorted((one, other) => one - other);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#resources.disposeAsync();
  }

  async #gather(both: readonly number[]): Promise<void> {
    const name = randomUUID().slice(0, 6);
    const channels = Array.from({ length: CHANNELS }, (_, index) => `m${name}${index}`);
    const open = async (index: number) => {
      const kind = KINDS[index % KINDS.length] ?? "cometd websocket";
      const channel = `/${channels[Math.floor(index / KINDS.length + index) % CHANNELS]}`;
      const isAck = index < PAGES / 2;
      this.pages.push(this.#resources.use(await openPage(kind, this.#stack.url, channel, isAck)));
    };
    await Promise.all(Array.from({ length: PAGES }, (_, index) => open(index)));
    const isThere = (node: number, name: string) => this.of(node).some(({ channel }) => channel === `/${name}`);
    for (const name of channels) {
      // Which bridge a page has is chance.
      while (!both.every((node) => isThere(node, name)))
        this.pages.push(this.#resources.use(await openPage("cometd websocket", this.#stack.url, `/${name}`, true)));
    }
    const irc = this.#resources.use(
      await RawIrc.login(this.#stack.ircd, `c${name}`, ...channels.map((channel) => `#${channel}`)),
    );
    this.#timer = setInterval(() => {
      this.#said += 1;
      for (const channel of channels) irc.say(`#${channel}`, String(this.#said));
    }, EVERY_MS);
    await this.hears();
  }
}
