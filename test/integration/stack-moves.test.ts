import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import { HaloStack } from "../support/halo-stack.ts";
import { type MovingPage, openPage, type PageKind } from "../support/moving-pages.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startInspircd } from "../support/servers.ts";

const PAGES = 20;
const CHANNELS = 5;
const EVERY_MS = 40;
const KINDS: readonly PageKind[] = [
  "cometd websocket",
  "cometd long-polling",
  "faye websocket",
  "faye long-polling",
  "eventsource",
];

/** Somebody on IRC who counts in several channels, and pages that listen. */
class Crowd implements AsyncDisposable {
  readonly pages: MovingPage[] = [];
  readonly #stack: HaloStack;
  readonly #resources = new AsyncDisposableStack();
  #said = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(stack: HaloStack) {
    this.#stack = stack;
  }

  static async gather(stack: HaloStack): Promise<Crowd> {
    const crowd = new Crowd(stack);
    try {
      await crowd.#gather();
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

  /** Every page has heard each message once and in order, and noticed nothing. */
  expectUndisturbed(): void {
    for (const { kind, heard, handshakes, failures } of this.pages) {
      expect([kind, failures, handshakes()]).toEqual([kind, [], 1]);
      const first = heard[0] ?? 0;
      expect(heard, kind).toEqual(heard.map((_, index) => first + index));
    }
  }

  /** The longest silence of each page since a time, in milliseconds, the shortest of them first. */
  pausesSince(sinceMs: number): number[] {
    const pauses = this.pages.map(({ heardMs }) => {
      const times = heardMs.filter((atMs) => atMs >= sinceMs);
      return Math.max(0, ...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
    });
    return pauses.toSorted((one, other) => one - other);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#resources.disposeAsync();
  }

  async #gather(): Promise<void> {
    const name = randomUUID().slice(0, 6);
    const channels = Array.from({ length: CHANNELS }, (_, index) => `m${name}${index}`);
    const open = async (index: number) => {
      const kind = KINDS[index % KINDS.length] ?? "cometd websocket";
      const channel = `/${channels[Math.floor(index / KINDS.length + index) % CHANNELS]}`;
      const isAck = index < PAGES / 2;
      this.pages.push(this.#resources.use(await openPage(kind, this.#stack.url, channel, isAck)));
    };
    await Promise.all(Array.from({ length: PAGES }, (_, index) => open(index)));
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

function told(pauses: readonly number[]): string {
  const at = (part: number) => Math.round(pauses[Math.min(pauses.length - 1, Math.floor(part * pauses.length))] ?? 0);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms (one message every ${EVERY_MS} ms)`;
}

describe.each([
  ["embedded", startEmbedded],
  ["inspircd", startInspircd],
])("sessions of a stack with HaloD on %s", { timeout: 60_000 }, (name, startServer) => {
  it("move with their routes when bridges join and leave, and no page notices", async () => {
    await using stack = await HaloStack.startOn(startServer, 1);
    await using crowd = await Crowd.gather(stack);
    const move = async (what: string, act: () => Promise<void>, nodes: number) => {
      const sinceMs = performance.now();
      await act();
      await stack.tableLike((table) => table.nodes.length === nodes);
      await crowd.hears();
      await crowd.hears();
      console.log(`${name}, ${what}: ${told(crowd.pausesSince(sinceMs))}`);
      crowd.expectUndisturbed();
    };
    await move("bridge 2 joins", () => stack.addBridge(2), 2);
    expect(crowd.of(2).length).toBeGreaterThan(0);
    await move("bridge 3 joins", () => stack.addBridge(3), 3);
    await move("bridge 1 leaves", () => stack.bridge(1).stop(), 2);
    expect(crowd.of(1)).toEqual([]);
  });
});
