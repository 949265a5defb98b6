import { pino } from "pino";
import { vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import type { BridgeConfig } from "../../bridges/index.ts";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { post, repliesOf } from "./dispatchers.ts";
import type { AnyMessage } from "./fake-bridge.ts";
import { FakeCluster, nodeAt } from "./fake-cluster.ts";
import { type OfflineBridge, startOfflineBridge } from "./offline-bridge.ts";

const ROUTES = 4;
const OWNERS = [1, 1, 2, 2];

/** One of two bridges. */
export interface Heir extends OfflineBridge {
  readonly node: number;
  readonly instance: string;
}

/** Two bridges with half of the routes each, and two dispatchers, joined by real links in this process. */
export class Heirs implements AsyncDisposable {
  readonly dispatchers: Dispatcher[] = [];
  readonly first: Heir;
  readonly second: Heir;
  readonly #clusters: FakeCluster[];
  readonly #config: Partial<BridgeConfig>;
  readonly #resources = new AsyncDisposableStack();
  readonly #nodes: ReturnType<typeof nodeAt>[] = [];

  private constructor(first: Heir, second: Heir, clusters: FakeCluster[], config: Partial<BridgeConfig>) {
    this.first = first;
    this.second = second;
    this.#clusters = clusters;
    this.#config = config;
    for (const heir of [first, second]) this.#add(heir);
  }

  static async start(config: Partial<BridgeConfig> = {}): Promise<Heirs> {
    const clusters = [1, 2, 3, 4].map(() => new FakeCluster());
    const [one, two, ...others] = clusters;
    if (!one || !two) throw new Error("there are four");
    const heirs = new Heirs(await startHeir(1, one, config), await startHeir(2, two, config), clusters, config);
    for (const cluster of others) {
      const dispatcher = await Dispatcher.start({
        config: dispatcherSchema.parse({ port: 0, drainTimeoutMs: 1_000 }),
        routes: ROUTES,
        secret: "secret",
        log: pino({ level: "silent" }),
        cluster,
      });
      heirs.#resources.use(dispatcher);
      heirs.dispatchers.push(dispatcher);
    }
    heirs.#tell(OWNERS);
    await Promise.all(heirs.dispatchers.map((dispatcher) => dispatcher.ready()));
    await vi.waitFor(() => {
      for (const { bridges } of heirs.dispatchers) if (bridges.up < 2) throw new Error("a bridge is not up");
    });
    return heirs;
  }

  /** The first bridge dies, without a word to anybody. @param isTold false: nobody takes over yet */
  async die(isTold = true): Promise<void> {
    this.#nodes.shift();
    await this.first.bridge[Symbol.asyncDispose]();
    if (isTold) this.inherit();
  }

  /** The second one owns everything. */
  inherit(): void {
    this.#tell([2]);
  }

  /** The first one is started again, and has its routes back before anybody took over. @returns the new process */
  async rise(): Promise<Heir> {
    const cluster = new FakeCluster();
    const heir = await startHeir(1, cluster, this.#config, "another instance 1");
    await this.first.bridge[Symbol.asyncDispose]();
    const former = [...this.#nodes];
    this.#nodes.shift();
    this.#add(heir);
    // HaloD tells who comes the table that is in force, and then the one with it.
    cluster.tell(ROUTES, OWNERS, former);
    this.#clusters.splice(0, 1, cluster);
    this.#tell(OWNERS);
    return heir;
  }

  /** What a browser is answered over HTTP. @param at which dispatcher */
  ask(at: number, ...messages: object[]): Promise<AnyMessage[]> {
    const dispatcher = this.dispatchers[at];
    if (!dispatcher) throw new Error(`there is no dispatcher ${at}`);
    return repliesOf(post(dispatcher, messages));
  }

  /** A session that has subscribed and connected once, by the first dispatcher. @returns its clientId */
  async session(of: 1 | 2, channels: readonly string[], isAck = false): Promise<string> {
    const clientId = await this.#handshake(of, isAck);
    const [reply] = await this.ask(0, { channel: "/meta/subscribe", clientId, subscription: channels });
    if (reply?.["successful"] !== true) throw new Error(`not subscribed: ${JSON.stringify(reply)}`);
    await this.ask(0, connectOf(clientId, 0));
    return clientId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  /** Which route a session gets is the dispatcher's choice. */
  async #handshake(of: number, isAck: boolean): Promise<string> {
    const fields = { version: "1.0", supportedConnectionTypes: ["long-polling", "websocket"], ext: { ack: isAck } };
    for (;;) {
      const [reply] = await this.ask(0, { channel: "/meta/handshake", ...fields });
      const clientId = String(reply?.clientId);
      if ((routeOf(clientId) ?? 0) <= ROUTES / 2 === (of === 1)) return clientId;
    }
  }

  #add({ node, instance, bridge }: Heir): void {
    this.#resources.use(bridge);
    this.#nodes.push(nodeAt(node, `127.0.0.1:${bridge.port}`, { instance }));
  }

  #tell(owners: readonly number[]): void {
    for (const cluster of this.#clusters) cluster.tell(ROUTES, owners, [...this.#nodes]);
  }
}

/** A connect by long-polling. @param ack the last batch that it states */
export function connectOf(clientId: string, ack: number, more: object = {}): object {
  return { channel: "/meta/connect", clientId, connectionType: "long-polling", ext: { ack }, ...more };
}

/** What is in an answer beside the connect's reply: data, and notices as "gap". */
export function dataIn(messages: readonly AnyMessage[]): unknown[] {
  return messages.flatMap(({ data }) => {
    if (data === undefined) return [];
    return typeof data === "object" && data !== null && "gap" in data ? ["gap"] : [data];
  });
}

/** @returns the number of the batch that an answer is */
export function ackIn(messages: readonly AnyMessage[]): unknown {
  const ext: unknown = messages.at(-1)?.["ext"];
  return typeof ext === "object" && ext !== null && "ack" in ext ? ext.ack : undefined;
}

/** A bridge whose network hears what a test lets it hear, and is up. */
export async function startHeir(
  node: number,
  cluster: FakeCluster,
  config: Partial<BridgeConfig>,
  instance = `instance ${node}`,
): Promise<Heir> {
  const own = { routes: ROUTES, name: `bridge ${node}`, instance, cluster };
  const offline = await startOfflineBridge({ node, handoverMs: 2_000, ...config }, own);
  offline.network.inbox?.up();
  return { node, instance, ...offline };
}
