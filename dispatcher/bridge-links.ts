import { type RouteTable, ownerOf, tableOf } from "../halod/index.ts";
import type { FaultCounter, LinkOwner } from "../link/index.ts";
import { BridgeLink } from "./bridge-link.ts";
import type { Numbers } from "./numbers.ts";
import type { Coalescer } from "./transports/coalescer.ts";

/** Connects to one bridge, and again whenever the link is lost, until it is disposed of. */
export type ConnectBridge = (
  bridge: { address: string; node: number; nodes: number },
  owner: LinkOwner,
) => AsyncDisposable;

/** What the links to all bridges need to know and to use. */
export interface BridgeLinksOptions {
  readonly addresses: readonly string[];
  readonly routes: number;
  readonly connect: ConnectBridge;
  readonly coalescer: Coalescer;
  readonly faults: FaultCounter;
  readonly random: () => number;
}

/** The links to all bridges, and which of them owns a route. */
export class BridgeLinks implements AsyncDisposable {
  readonly routes: number;
  readonly #table: RouteTable;
  readonly #bridges: readonly BridgeLink[];
  readonly #connect: () => AsyncDisposable[];
  #clients: readonly AsyncDisposable[] = [];
  readonly #random: () => number;
  #isDisposed = false;
  /** Settles at the next change of who is up. */
  #change = Promise.withResolvers<void>();

  constructor({ addresses, routes, connect, random, ...shared }: BridgeLinksOptions) {
    this.routes = routes;
    this.#random = random;
    this.#table = tableOf(routes, addresses.length);
    const onChange = () => this.#changed();
    this.#bridges = addresses.map(
      (address, index) => new BridgeLink({ ...shared, address, node: index + 1, onChange }),
    );
    const nodes = addresses.length;
    this.#connect = () =>
      this.#bridges.map((bridge) => connect({ address: bridge.address, node: bridge.node, nodes }, bridge));
  }

  /** Begins to connect, once. */
  start(): void {
    if (this.#clients.length === 0 && !this.#isDisposed) this.#clients = this.#connect();
  }

  get up(): number {
    return this.#bridges.filter((bridge) => bridge.numbers).length;
  }

  get of(): number {
    return this.#bridges.length;
  }

  /** Resolves when every route has its bridge. @throws Error where the dispatcher is stopped before that */
  async ready(): Promise<void> {
    while (this.up < this.of) {
      await this.#change.promise;
      if (this.#isDisposed) throw new Error("the dispatcher was stopped before all its bridges were up");
    }
  }

  /** @returns the numbers of the link to a route's bridge; null while it is down */
  numbersOf(route: number): Numbers | null {
    return this.#bridges[ownerOf(this.#table, route) - 1]?.numbers ?? null;
  }

  /**
   * All tabs of a browser go to one route, so to one bridge, while that is up.
   *
   * @param browser its name, 32 hexadecimal digits; "" where it has none
   * @returns a route for a new session
   */
  routeFor(browser: string): number {
    if (browser === "") return this.routeForNew();
    const route = (Number.parseInt(browser.slice(0, 8), 16) % this.routes) + 1;
    return this.numbersOf(route) ? route : this.routeForNew();
  }

  /** @returns a route for a new session, among those whose bridge is up; any where none is */
  routeForNew(): number {
    const first = Math.floor(this.#random() * this.routes) % this.routes;
    for (let step = 0; step < this.routes; step++) {
      const route = ((first + step) % this.routes) + 1;
      if (this.numbersOf(route)) return route;
    }
    return first + 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#changed();
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
  }

  #changed(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }
}
