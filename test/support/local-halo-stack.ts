import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Bridge, bridgeSchema, makeMapping } from "../../bridges/index.ts";
import { ircSchema } from "../../bridges/irc/index.ts";
import { xmppSchema } from "../../bridges/xmpp/index.ts";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { type Cluster, HaloDaemon, halodSchema } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";
import { networksOf } from "../../networks.ts";
import { AlternatingProxy } from "./alternating-proxy.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import type { TestServer } from "./servers.ts";

const ROUTES = 1_024;
/** On a busy machine, what takes milliseconds may take seconds. */
const PATIENCE_MS = 8_000;
const TABLE_MS = 15_000;
const log = pino({ level: "silent" });
const now = () => performance.timeOrigin + performance.now();

/** HaloD, bridges, two dispatchers and a balancer in this process, joined by real links; the IRC server is a real one. */
export class LocalHaloStack implements AsyncDisposable {
  readonly ircd: TestServer;
  readonly #resources: AsyncDisposableStack;
  readonly #bridges = new Map<number, Bridge>();
  readonly #shared = { routes: ROUTES, secret: SECRET, log, link: linkSchema.parse({}) };
  #halod: HaloDaemon | null = null;
  #proxy: AlternatingProxy | null = null;
  #watch: ClusterWatch | null = null;

  private constructor(ircd: TestServer, resources: AsyncDisposableStack) {
    this.ircd = ircd;
    this.#resources = resources;
  }

  /** With bridge 1. */
  static async start(startServer: () => Promise<TestServer>): Promise<LocalHaloStack> {
    const resources = new AsyncDisposableStack();
    const stack = new LocalHaloStack(resources.use(await startServer()), resources);
    try {
      await stack.#start();
      return stack;
    } catch (error) {
      await stack[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where browsers are sent: the balancer. */
  get url(): string {
    return this.#proxy?.url ?? "";
  }

  /** The newest that was told. */
  get table(): Cluster {
    return this.#watched.table;
  }

  /** Resolves when a table is told that is like this. */
  tableLike(isIt: (table: Cluster) => boolean): Promise<Cluster> {
    return this.#watched.until("what is asked for", isIt, TABLE_MS);
  }

  async addBridge(node: number): Promise<void> {
    const { host, port } = this.ircd;
    const [irc, xmpp] = [ircSchema.parse({ host, port }), xmppSchema.parse({})];
    const networks = networksOf({ irc, xmpp }, false);
    const mapping = makeMapping([], networks);
    const parts = { node, log, now, random: Math.random, newId: randomUUID };
    const bridge = await Bridge.start({
      ...this.#shared,
      config: bridgeSchema.parse({ port: 0, node, halod: [this.#address], handoverMs: PATIENCE_MS }),
      name: `bridge ${node}`,
      instance: randomUUID(),
      faults: new FaultCounter(log, now),
      networks: networks.map(({ name, make }) => make(mapping.naming(name), parts)),
      mapping,
      now,
      randomBytes,
    });
    this.#bridges.set(node, this.#resources.use(bridge));
    await bridge.ready();
  }

  /** As SIGTERM does it. */
  async stopBridge(node: number): Promise<void> {
    const bridge = this.#bridges.get(node);
    await bridge?.drain(20_000);
    await bridge?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  get #watched(): ClusterWatch {
    if (!this.#watch) throw new Error("the stack did not start");
    return this.#watch;
  }

  get #address(): string {
    return `127.0.0.1:${this.#halod?.port ?? 0}`;
  }

  async #start(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "halod-"));
    this.#resources.defer(() => rm(folder, { recursive: true, force: true }));
    const own = { ...this.#shared, name: "halod", instance: randomUUID(), now, randomBytes };
    const config = halodSchema.parse({ port: 0, file: join(folder, "cluster.json"), prepareMs: PATIENCE_MS });
    this.#halod = this.#resources.use(await HaloDaemon.start({ ...own, config, faults: new FaultCounter(log, now) }));
    await this.addBridge(1);
    const dispatchers: Dispatcher[] = [];
    for (const name of ["one", "another"]) {
      const settings = dispatcherSchema.parse({
        port: 0,
        halod: [this.#address],
        drainTimeoutMs: 2_000,
        takeoverWaitMs: PATIENCE_MS,
      });
      const dispatcher = await Dispatcher.start({ ...this.#shared, name, config: settings });
      dispatchers.push(this.#resources.use(dispatcher));
      await dispatcher.ready();
    }
    const targets = dispatchers.map(({ port }) => ({ host: "127.0.0.1", port }));
    this.#proxy = this.#resources.use(await AlternatingProxy.start(...targets));
    this.#watch = this.#resources.use(new ClusterWatch([this.#address], SECRET));
    await this.tableLike(({ owners }) => !owners.includes(0));
  }
}

const SECRET = "a secret of the test";
