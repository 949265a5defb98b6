import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import { HaloStack } from "../support/halo-stack.ts";
import { type MovingPage, openPage, type PageKind } from "../support/moving-pages.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, startInspircd } from "../support/servers.ts";

const PAGES = 20;
const CHANNELS = 4;
const EVERY_MS = 40;
const FAIL_AFTER_MS = 300;
/** With the acknowledgement extension where the client knows it. */
const KINDS: readonly PageKind[] = ["cometd websocket", "cometd long-polling", "faye websocket", "eventsource"];

/** Somebody on IRC who counts in several channels, and pages that listen. */
class Crowd implements AsyncDisposable {
  readonly pages: MovingPage[] = [];
  readonly irc: RawIrc;
  readonly channels: readonly string[];
  readonly #stack: HaloStack;
  readonly #resources = new AsyncDisposableStack();
  #said = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(stack: HaloStack, irc: RawIrc, channels: readonly string[]) {
    this.#stack = stack;
    this.irc = irc;
    this.channels = channels;
    this.#resources.use(irc);
  }

  static async gather(stack: HaloStack, count = PAGES): Promise<Crowd> {
    const name = randomUUID().slice(0, 6);
    const channels = Array.from({ length: CHANNELS }, (_, index) => `t${name}${index}`);
    const irc = await RawIrc.login(stack.ircd, `c${name}`, ...channels.map((channel) => `#${channel}`));
    const crowd = new Crowd(stack, irc, channels);
    try {
      await crowd.#gather(count);
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

  of(node: number): MovingPage[] {
    const { owners } = this.#stack.table;
    return this.pages.filter(({ clientId }) => owners[(routeOf(clientId()) ?? 0) - 1] === node);
  }

  expectUndisturbed(): void {
    for (const { kind, heard, handshakes, failures } of this.pages) {
      expect([kind, failures, handshakes()]).toEqual([kind, [], 1]);
      const first = heard[0] ?? 0;
      expect(heard, kind).toEqual(heard.map((_, index) => first + index));
    }
  }

  /** The longest silence of each page that was not over at a time, in milliseconds, the shortest of them first. */
  pausesSince(sinceMs: number): number[] {
    const pauses = this.pages.map(({ heardMs }) => {
      return Math.max(0, ...heardMs.map((atMs, index) => (atMs < sinceMs ? 0 : atMs - (heardMs[index - 1] ?? atMs))));
    });
    return pauses.toSorted((one, other) => one - other);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#resources.disposeAsync();
  }

  async #gather(count: number): Promise<void> {
    const open = async (index: number) => {
      const kind = KINDS[index % KINDS.length] ?? "cometd websocket";
      const channel = `/${this.channels[Math.floor(index / KINDS.length) % CHANNELS]}`;
      const page = this.#resources.use(await openPage(kind, this.#stack.url, channel, true));
      this.pages.push(page);
    };
    await Promise.all(Array.from({ length: count }, (_, index) => open(index)));
    // Which bridge a page has is chance; both are to be in every channel.
    for (const channel of this.channels) {
      while (new Set(this.of(1).map((page) => page.channel)).has(`/${channel}`) === false)
        this.pages.push(this.#resources.use(await openPage("cometd websocket", this.#stack.url, `/${channel}`, true)));
    }
    this.#timer = setInterval(() => {
      this.#said += 1;
      for (const channel of this.channels) this.irc.say(`#${channel}`, String(this.#said));
    }, EVERY_MS);
    await this.hears();
  }
}

describe.each([
  ["embedded", startEmbedded],
  ["inspircd", startInspircd],
])("a stack with HaloD on %s", { timeout: 60_000 }, (_, startServer) => {
  it("goes on with every session when its bridge is killed, each message once and in order", async () => {
    await using stack = await HaloStack.startOn(startServer, 2, "--halod-fail-after-ms", String(FAIL_AFTER_MS));
    await using crowd = await Crowd.gather(stack);
    const moved = crowd.of(2);
    expect([moved.length > 0, moved.length < PAGES]).toEqual([true, true]);
    await crowd.hears();
    const sinceMs = performance.now();
    await stack.bridge(2).kill9();
    await stack.tableLike(({ nodes }) => nodes.length === 1);
    await crowd.hears();
    await crowd.hears();
    console.log("pauses", crowd.pausesSince(sinceMs).map(Math.round).join(" "));
    console.log(
      stack
        .bridge(1)
        .log.filter((line) => /tak|tick/.test(line))
        .slice(-30)
        .join("\n"),
    );
    crowd.expectUndisturbed();
  });
});
