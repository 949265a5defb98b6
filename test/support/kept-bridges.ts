import { pino } from "pino";
import { vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import type { BridgeConfig } from "../../bridges/index.ts";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { post, repliesOf } from "./dispatchers.ts";
import type { AnyMessage } from "./fake-bridge.ts";
import type { ClusterNode } from "../../halod/index.ts";
import { FakeCluster, nodeAt } from "./fake-cluster.ts";
import { connectOf, type Heir, startHeir } from "./heirs.ts";

const ROUTES = 4;
const EVENTUALLY = { timeout: 8_000, interval: 5 };

/** Bridges that keep each other's channels, numbered from 1, and a dispatcher, joined by real links. All routes are bridge 1's. */
export class KeptBridges implements AsyncDisposable {
  readonly bridges: Heir[] = [];
  readonly #clusters: FakeCluster[] = [];
  /** Where those listen that are in the table. */
  readonly #alive = new Map<number, string>();
  readonly #resources = new AsyncDisposableStack();
  readonly #config: Partial<BridgeConfig>;
  #dispatcher: Dispatcher | null = null;
  #owners: readonly number[] = [1];
  /** Who is in the newest table. */
  #former: readonly ClusterNode[] = [];

  private constructor(config: Partial<BridgeConfig>) {
    this.#config = config;
  }

  static async start(count: number, config: Partial<BridgeConfig> = {}): Promise<KeptBridges> {
    const all = new KeptBridges({ handoverMs: 6_000, ...config });
    for (let node = 1; node <= count; node++) await all.#add(node);
    const cluster = new FakeCluster();
    all.#clusters.push(cluster);
    all.#dispatcher = await Dispatcher.start({
      config: dispatcherSchema.parse({ port: 0, drainTimeoutMs: 1_000, takeoverWaitMs: 8_000 }),
      routes: ROUTES,
      secret: "secret",
      log: pino({ level: "silent" }),
      cluster,
    });
    all.#resources.use(all.#dispatcher);
    all.#tell();
    await all.#dispatcher.ready();
    await vi.waitFor(() => {
      if ((all.#dispatcher?.bridges.up ?? 0) < 1) throw new Error("bridge 1 is not up");
    }, EVENTUALLY);
    return all;
  }

  bridge(node: number): Heir {
    const heir = this.bridges[node - 1];
    if (!heir) throw new Error(`there is no bridge ${node}`);
    return heir;
  }

  /** All of these hear it. */
  say(nodes: readonly number[], channel: string, ...numbers: number[]): void {
    for (const node of nodes)
      for (const data of numbers)
        this.bridge(node).network.inbox?.message({ channel, data, from: "ann", timeMs: Date.now(), id: `m${data}` });
  }

  /** Bridges die, without a word to anybody; then everything is another one's. @param owner null: nobody is told yet */
  async die(nodes: readonly number[], owner: number | null): Promise<void> {
    for (const node of nodes) {
      this.#alive.delete(node);
      await this.bridge(node).bridge[Symbol.asyncDispose]();
    }
    if (owner !== null) this.own(owner);
  }

  /** A table with these owners of route 1, route 2, …; all others are the last one's. */
  own(...owners: number[]): void {
    this.#owners = owners;
    this.#tell();
  }

  /** A bridge that has died is started again before anybody took over. */
  async restart(node: number): Promise<void> {
    const former = this.#former;
    const cluster = await this.#add(node, `another instance ${node}`);
    // HaloD tells who comes the table that is in force, and then the one with it.
    cluster.tell(ROUTES, this.#owners, former);
    this.#tell();
  }

  /** One more bridge comes. */
  async add(node: number): Promise<void> {
    await this.#add(node);
    this.#tell();
  }

  /** Resolves when the owner says that it is protected, or why not. */
  async says(reason: string | RegExp, owner = this.#owners[0] ?? 1): Promise<void> {
    await vi.waitFor(() => {
      const told = this.bridge(owner).bridge.numbers.protection?.reason ?? "nothing";
      if (typeof reason === "string" ? told !== reason : !reason.test(told)) throw new Error(`it says "${told}"`);
    }, EVENTUALLY);
  }

  /** What a browser is answered over HTTP. */
  ask(...messages: object[]): Promise<AnyMessage[]> {
    if (!this.#dispatcher) throw new Error("there is no dispatcher");
    return repliesOf(post(this.#dispatcher, messages));
  }

  /** A session that has subscribed and connected once. @returns its clientId */
  async session(channels: readonly string[], isAck = false): Promise<string> {
    const fields = { version: "1.0", supportedConnectionTypes: ["long-polling"], ext: { ack: isAck } };
    const [shaken] = await this.ask({ channel: "/meta/handshake", ...fields });
    const clientId = String(shaken?.clientId);
    if (routeOf(clientId) === null) throw new Error(`no handshake: ${JSON.stringify(shaken)}`);
    const [reply] = await this.ask({ channel: "/meta/subscribe", clientId, subscription: channels });
    if (reply?.["successful"] !== true) throw new Error(`not subscribed: ${JSON.stringify(reply)}`);
    await this.ask(connectOf(clientId, 0));
    return clientId;
  }

  /** What waits for a session. */
  look(clientId: string, ack = 0): Promise<AnyMessage[]> {
    return this.ask(connectOf(clientId, ack, { advice: { timeout: 0 } }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #add(node: number, instance?: string): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    this.#clusters.push(cluster);
    const heir = await startHeir(node, cluster, this.#config, instance);
    this.#resources.use(heir.bridge);
    this.bridges[node - 1] = heir;
    this.#alive.set(node, `127.0.0.1:${heir.bridge.port}`);
    return cluster;
  }

  #tell(): void {
    const alive = [...this.#alive].toSorted(([one], [other]) => one - other);
    const nodes = alive.map(([node, address]) => nodeAt(node, address, { instance: this.bridge(node).instance }));
    this.#former = nodes;
    for (const cluster of this.#clusters) cluster.tell(ROUTES, this.#owners, nodes);
  }
}
