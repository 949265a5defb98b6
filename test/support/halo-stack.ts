import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "cometd";
import { vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import type { Cluster } from "../../halod/index.ts";
import { AlternatingProxy } from "./alternating-proxy.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import { CometdClient, textsOf } from "./cometd-client.ts";
import { freePort } from "./free-port.ts";
import { RawIrc } from "./raw-irc.ts";
import { startNgircd, type TestServer } from "./servers.ts";
import { startBridge, startDispatcherWith, startHalod, type TierProcess } from "./stack.ts";

/** On a busy machine, what takes milliseconds may take seconds. */
const PATIENCE_MS = "8000";
const TABLE_MS = 15_000;

/** HaloD, bridges that register with it, two dispatchers that ask it, and a balancer: each process a real one. */
export class HaloStack implements AsyncDisposable {
  readonly #bridges = new Map<number, TierProcess>();
  readonly #resources = new AsyncDisposableStack();
  readonly #port: number;
  readonly #flags: readonly string[];
  #file = "";
  #halod: TierProcess | null = null;
  #ircd: TestServer | null = null;
  #proxy: AlternatingProxy | null = null;
  #watch: ClusterWatch | null = null;

  private constructor(port: number, flags: readonly string[]) {
    this.#port = port;
    this.#flags = flags;
  }

  /** @param bridges how many; the first table is made when all are there @param flags more of `tailspin halod` */
  static start(bridges: number, ...flags: string[]): Promise<HaloStack> {
    return HaloStack.startOn(startNgircd, bridges, ...flags);
  }

  /** The same on another IRC server. */
  static async startOn(
    startServer: () => Promise<TestServer>,
    bridges: number,
    ...flags: string[]
  ): Promise<HaloStack> {
    const stack = new HaloStack(await freePort(), ["--halod-nodes", String(bridges), ...flags]);
    try {
      await stack.#start(startServer, bridges);
    } catch (error) {
      await stack[Symbol.asyncDispose]();
      throw error;
    }
    return stack;
  }

  /** Where browsers are sent: the balancer. */
  get url(): string {
    return this.#proxy?.url ?? "";
  }

  get ircd(): TestServer {
    if (!this.#ircd) throw new Error("the stack did not start");
    return this.#ircd;
  }

  /** The newest that was told. */
  get table(): Cluster {
    return this.#watched.table;
  }

  bridge(node: number): TierProcess {
    const bridge = this.#bridges.get(node);
    if (!bridge) throw new Error(`there is no bridge ${node}`);
    return bridge;
  }

  /** Starts one more, or one again. */
  async addBridge(node: number): Promise<void> {
    const flags = ["--bridge-halod", this.#address, "--bridge-node", String(node), "--bridge-handover-ms", PATIENCE_MS];
    this.#bridges.set(node, this.#resources.use(await startBridge(this.ircd, ...flags)));
  }

  async startHalod(): Promise<void> {
    this.#halod = this.#resources.use(await startHalod(this.#port, this.#file, ...this.#flags));
  }

  async killHalod(): Promise<void> {
    await this.#halod?.kill9();
  }

  /** Resolves when a table is told that is like this. */
  tableLike(isIt: (table: Cluster) => boolean): Promise<Cluster> {
    return this.#watched.until("what is asked for", isIt, TABLE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  get #watched(): ClusterWatch {
    if (!this.#watch) throw new Error("the stack did not start");
    return this.#watch;
  }

  get #address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async #start(startServer: () => Promise<TestServer>, bridges: number): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "halod-"));
    this.#resources.defer(() => rm(folder, { recursive: true, force: true }));
    this.#file = join(folder, "cluster.json");
    this.#ircd = this.#resources.use(await startServer());
    await this.startHalod();
    const nodes = Array.from({ length: bridges }, (_, index) => index + 1);
    await Promise.all(nodes.map((node) => this.addBridge(node)));
    const flags = ["--dispatcher-halod", this.#address, "--dispatcher-takeover-wait-ms", PATIENCE_MS];
    const starting = await Promise.allSettled([startDispatcherWith(...flags), startDispatcherWith(...flags)]);
    const dispatchers = starting.flatMap((one) => (one.status === "fulfilled" ? [this.#resources.use(one.value)] : []));
    const failed = starting.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
    this.#proxy = this.#resources.use(await AlternatingProxy.start(...dispatchers));
    this.#watch = this.#resources.use(new ClusterWatch([this.#address]));
    await this.tableLike(({ owners }) => !owners.includes(0));
  }
}

/** A page that listens to one channel, whatever happens. */
export interface Page {
  readonly client: CometdClient;
  readonly heard: readonly Message[];
}

/** Pages of different browsers that listen to a channel, while somebody keeps counting in it on IRC. */
export class Audience implements AsyncDisposable {
  readonly pages: Page[] = [];
  readonly #stack: HaloStack;
  readonly #resources = new AsyncDisposableStack();
  #said = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(stack: HaloStack) {
    this.#stack = stack;
  }

  static async gather(stack: HaloStack, count: number): Promise<Audience> {
    const audience = new Audience(stack);
    try {
      await audience.#gather(count);
    } catch (error) {
      await audience[Symbol.asyncDispose]();
      throw error;
    }
    return audience;
  }

  /** The pages whose sessions one bridge owns, by the newest table, or by another one. */
  of(node: number, { owners }: Cluster = this.#stack.table): Page[] {
    return this.pages.filter(({ client }) => owners[(routeOf(client.clientId ?? "") ?? 0) - 1] === node);
  }

  /** Resolves when all these pages have heard something that was said after now. */
  async hears(pages: readonly Page[], withinMs: number): Promise<void> {
    const said = this.#said;
    await vi.waitFor(
      () => {
        const deaf = pages.filter(({ heard }) => Number(textsOf(heard).at(-1) ?? 0) <= said);
        if (deaf.length > 0) {
          const { client } = deaf[0] ?? { client: null };
          throw new Error(`${deaf.length} pages hear nothing; ${JSON.stringify(client?.failures.slice(-3))}`);
        }
      },
      { timeout: withinMs, interval: 20 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#resources.disposeAsync();
  }

  async #gather(count: number): Promise<void> {
    const room = `r${randomUUID().slice(0, 8)}`;
    const irc = this.#resources.use(await RawIrc.login(this.#stack.ircd, `c${room.slice(1, 8)}`, `#${room}`));
    const open = async (index: number) => {
      const transport = index % 2 === 0 ? "websocket" : "long-polling";
      const client = this.#resources.use(await CometdClient.open(this.#stack.url, { transport, isAck: index % 4 < 2 }));
      this.pages.push({ client, heard: await client.follow(`/${room}`) });
    };
    await Promise.all(Array.from({ length: count }, (_, index) => open(index)));
    this.#timer = setInterval(() => irc.say(`#${room}`, String(++this.#said)), 100);
    await this.hears(this.pages, 10_000);
  }
}

/** What a page heard, as the numbers that were said. */
export function numbersOf({ heard }: Page): number[] {
  return textsOf(heard).map(Number);
}
