import type { Cluster, ClusterSource } from "../halod/index.ts";
import type { FaultCounter } from "../link/index.ts";
import { BridgeLink, type ConnectBridge } from "./bridge-link.ts";
import { Claims } from "./claims.ts";
import type { Numbers } from "./numbers.ts";
import { Takeovers } from "./takeovers.ts";
import { Testimony } from "./testimony.ts";
import { Tickets } from "./tickets.ts";
import type { Coalescer } from "./transports/coalescer.ts";
import { deputyOf, homeOf } from "./user-routes.ts";

/** What the links to all bridges need to know and to use. */
export interface BridgeLinksOptions {
  /** Started, and disposed of, here. */
  readonly cluster: ClusterSource;
  readonly routes: number;
  readonly connect: ConnectBridge;
  readonly coalescer: Coalescer;
  readonly faults: FaultCounter;
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
  readonly random: () => number;
  /** How long a request waits for its route's new bridge; 0 where the cluster never changes. */
  readonly takeoverWaitMs: number;
  readonly maxTakeoverBytes: number;
  /** Of all sessions, for those who take over; 0 where the cluster never changes. */
  readonly maxTicketBytes: number;
}

/** The links to all bridges of the cluster, as they come and go, and which of them owns a route. */
export class BridgeLinks implements AsyncDisposable {
  readonly routes: number;
  readonly takeovers: Takeovers;
  readonly tickets: Tickets;
  readonly #claims: Claims;
  readonly #testimony: Testimony | null;
  readonly #options: BridgeLinksOptions;
  #cluster: Cluster = { epoch: 0, owners: [], nodes: [] };
  /** Those of the cluster, and those that have left it and still have connections. */
  readonly #links = new Map<string, BridgeLink>();
  readonly #byNode = new Map<number, BridgeLink>();
  /** Those on their way out. */
  readonly #closing = new Set<Promise<void>>();
  /** Links that a table which is to come needs, and that are not up yet. */
  #preparing: { readonly links: ReadonlySet<BridgeLink>; readonly prepared: () => void } | null = null;
  #isStarted = false;
  #isDisposed = false;
  /** Settles at the next change of who is up, or of who owns what. */
  #change = Promise.withResolvers<void>();

  constructor(options: BridgeLinksOptions) {
    const { routes, takeoverWaitMs, maxTakeoverBytes, maxTicketBytes, now, faults } = options;
    this.#options = options;
    this.routes = routes;
    this.takeovers = new Takeovers({
      waitMs: takeoverWaitMs,
      maxBytes: maxTakeoverBytes,
      isReachable: (route) => this.numbersOf(route) !== null,
      now,
      faults,
    });
    this.tickets = new Tickets({ maxBytes: maxTicketBytes, now, faults });
    this.#claims = new Claims({
      tickets: this.tickets,
      faults,
      table: () => this.#cluster,
      drop: (except, isIt) => this.#drop(except, isIt),
    });
    this.#testimony = takeoverWaitMs === 0 ? null : new Testimony(this.tickets, this.#claims);
  }

  /** Begins to learn of bridges and to connect to them, once. */
  start(): void {
    if (this.#isStarted || this.#isDisposed) return;
    this.#isStarted = true;
    this.#options.cluster.start(
      (cluster) => this.#follow(cluster),
      (plan, prepared) => this.#prepare(plan, prepared),
    );
  }

  /** Another bridge takes over where one dies. */
  get mayMove(): boolean {
    return this.#testimony !== null;
  }

  /** Of the table that is known; 0 = none yet. */
  get epoch(): number {
    return this.#cluster.epoch;
  }

  /** Active bridges whose link is up. */
  get up(): number {
    return this.#active.filter(({ node }) => this.#byNode.get(node)?.numbers).length;
  }

  /** Active bridges. */
  get of(): number {
    return this.#active.length;
  }

  /** Resolves when every route has its bridge. @throws Error where the dispatcher is stopped before that */
  async ready(): Promise<void> {
    while (this.of === 0 || this.up < this.of || this.#cluster.owners.includes(0)) {
      await this.#change.promise;
      if (this.#isDisposed) throw new Error("the dispatcher was stopped before all its bridges were up");
    }
  }

  /** @returns the numbers of the link to a route's bridge; null while it is down, or nobody's */
  numbersOf(route: number): Numbers | null {
    // Who takes over may have the table before we do.
    const node = this.#claims.claimantOf(route)?.node ?? this.#cluster.owners[route - 1] ?? 0;
    return this.#byNode.get(node)?.numbers ?? null;
  }

  /**
   * All sessions of a user go to one route, so to one bridge; all tabs of a browser do too, while that is up.
   *
   * @param browser its name, 32 hexadecimal digits; "" where it has none
   * @param user the name that it declares, or null
   * @returns a route for a new session
   */
  routeFor(browser: string, user: string | null = null): number {
    if (user !== null) {
      const routes = this.routesOfUser(user);
      // Nowhere else: whoever looks for this user would not look there.
      return routes.find((route) => this.numbersOf(route)) ?? homeOf(user, this.routes);
    }
    if (browser === "") return this.routeForNew();
    const route = (Number.parseInt(browser.slice(0, 8), 16) % this.routes) + 1;
    return this.numbersOf(route) ? route : this.routeForNew();
  }

  /** @returns where the sessions of a user can be: one route, or two at different bridges where nobody takes over */
  routesOfUser(name: string): readonly number[] {
    const home = homeOf(name, this.routes);
    const { owners } = this.#cluster;
    const deputy = this.#options.takeoverWaitMs > 0 || owners.length === 0 ? null : deputyOf(name, owners);
    return deputy === null ? [home] : [home, deputy];
  }

  /** @returns a route for a new session, among those whose bridge is up; any where none is */
  routeForNew(): number {
    const { random } = this.#options;
    const any = Math.floor(random() * this.routes) + 1;
    if (this.numbersOf(any)) return any;
    // Not simply the next one that is up: all that a bridge which is away would have had would then go to one other.
    const up = this.#cluster.owners.flatMap((_, index) => (this.numbersOf(index + 1) ? [index + 1] : []));
    return up[Math.floor(random() * up.length)] ?? any;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isDisposed) {
      this.#isDisposed = true;
      this.#changed();
      this.takeovers[Symbol.dispose]();
      this.tickets[Symbol.dispose]();
    }
    await this.#options.cluster[Symbol.asyncDispose]();
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
    await Promise.all(this.#closing);
  }

  get #active() {
    return this.#cluster.nodes.filter(({ state }) => state === "active");
  }

  /** Spares have links too, so that nobody waits for one when they take over. */
  #follow(cluster: Cluster): void {
    if (this.#isDisposed) return;
    this.#cluster = cluster;
    this.#preparing = null;
    this.#byNode.clear();
    const present = new Set<BridgeLink>();
    for (const { node, address } of cluster.nodes) {
      const link = this.#linkTo(node, address);
      present.add(link);
      this.#byNode.set(node, link);
    }
    for (const [key, link] of this.#links) if (!present.has(link)) this.#retire(key, link);
    this.#changed();
  }

  /** Connects to who is to come, so that no request has to wait for that when it owns routes. */
  #prepare({ nodes }: Cluster, prepared: () => void): void {
    if (this.#isDisposed) return;
    const known = new Set(this.#links.values());
    const links = nodes.map(({ node, address }) => this.#linkTo(node, address)).filter((link) => !known.has(link));
    this.#preparing = { links: new Set(links), prepared };
    this.#prepared();
  }

  #prepared(): void {
    const { links, prepared } = this.#preparing ?? {};
    if (!links || [...links].some(({ numbers }) => !numbers)) return;
    this.#preparing = null;
    prepared?.();
  }

  #linkTo(node: number, address: string): BridgeLink {
    const key = `${node} ${address}`;
    const known = this.#links.get(key);
    if (known) {
      known.stay();
      return known;
    }
    const { coalescer, faults, connect } = this.#options;
    const testimony = this.#testimony;
    const link = new BridgeLink({ coalescer, faults, testimony, address, node, onChange: () => this.#changed() });
    this.#links.set(key, link);
    link.start(connect);
    return link;
  }

  #drop(except: string, isIt: (clientId: string) => boolean): void {
    for (const link of this.#links.values()) if (link.instance !== except) link.numbers?.drop(isIt);
  }

  #retire(key: string, link: BridgeLink): void {
    link.retire(() => {
      this.#links.delete(key);
      const closing = link[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    });
  }

  #changed(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
    if (this.#isDisposed) return;
    this.#prepared();
    this.takeovers.look();
  }
}
