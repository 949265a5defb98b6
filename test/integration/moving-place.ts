import { vi } from "vitest";
import type { Bridge, BridgeConfig } from "../../bridges/index.ts";
import type { FaultCounter } from "../../link/index.ts";
import { FakeCluster } from "../support/fake-cluster.ts";
import { startOfflineBridge } from "../support/offline-bridge.ts";
import { FakeDispatcher, type FakeNetwork, type Message } from "../unit/bridges/fakes.ts";
import { connect, handshake, subscribe } from "../unit/bridges/stage.ts";

export const ROUTES = 4;
export const SECRET = "secret";
/** Long enough for a busy machine, where everybody does what they should. */
export const HANDOVER_MS = 15_000;
/** However busy the machine is. */
export const EVENTUALLY = { timeout: 15_000, interval: 5 };

/** A bridge with a network and a dispatcher of its own, which listens for other bridges. */
export class Place implements AsyncDisposable {
  readonly node: number;
  readonly network: FakeNetwork;
  readonly cluster: FakeCluster;
  readonly faults: FaultCounter;
  readonly bridge: Bridge;
  readonly dispatcher: FakeDispatcher;

  private constructor(node: number, bridge: Bridge, network: FakeNetwork, cluster: FakeCluster, faults: FaultCounter) {
    this.node = node;
    this.bridge = bridge;
    this.network = network;
    this.cluster = cluster;
    this.faults = faults;
    this.dispatcher = new FakeDispatcher(bridge, `dispatcher of ${node}`);
  }

  static async start(node: number, config: Partial<BridgeConfig> = {}): Promise<Place> {
    const cluster = new FakeCluster();
    const own = { routes: ROUTES, secret: SECRET, name: `bridge ${node}`, instance: `instance ${node}`, cluster };
    const { network, bridge, faults } = await startOfflineBridge({ node, handoverMs: HANDOVER_MS, ...config }, own);
    network.inbox?.up();
    await vi.waitFor(() => {
      if (!cluster.isStarted) throw new Error("the bridge does not ask for the table");
    }, EVENTUALLY);
    return new Place(node, bridge, network, cluster, faults);
  }

  get address(): string {
    return `127.0.0.1:${this.bridge.port}`;
  }

  /** @returns what answers a batch on a route */
  async ask(route: number, ...messages: Message[]): Promise<Message[]> {
    this.dispatcher.route = route;
    const downstream = this.dispatcher.post(...messages);
    await vi.waitFor(() => {
      if (downstream.messages.length === 0) throw new Error("no answer");
    }, EVENTUALLY);
    return downstream.messages;
  }

  /** A session that is past its first connect, and subscribed. */
  async session(route: number, channels: string[], ext: Message = {}): Promise<string> {
    const [shaken] = await this.ask(route, handshake(ext));
    const clientId = String(shaken?.["clientId"]);
    await this.ask(route, subscribe(clientId, channels));
    await this.ask(route, connect(clientId, { id: "1" }));
    return clientId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bridge[Symbol.asyncDispose]();
    this.dispatcher.assertObeyed();
  }
}
