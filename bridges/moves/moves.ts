import type { Cluster } from "../../halod/index.ts";
import { splitAddress, type LinkClientOptions } from "../../link/index.ts";
import type { Logger } from "pino";
import type { Adoption } from "./adoption.ts";
import { Departures, type DeparturesOptions } from "./departures.ts";
import type { Holding } from "./holding.ts";
import { Source } from "./source.ts";

/** What moving sessions needs. */
export interface MovesOptions extends Omit<DeparturesOptions, "onOver"> {
  readonly node: number;
  readonly instance: string;
  /** What links to other bridges are made with. */
  readonly link: Omit<LinkClientOptions, "host" | "port" | "owner" | "expectedNode">;
  readonly adoption: Adoption;
  readonly hold: () => Holding;
  /** The sessions of some routes are here, as far as they will come. */
  readonly onArrived: () => void;
  /** Sessions of routes that are not ours, and that nobody has come for in time, have to end. */
  readonly onOver: () => void;
}

/** A plan of which nothing more is heard is kept for so long. */
const PLAN_KEPT_MS = 30_000;

/** Sessions go with their routes: what this bridge gains from others that live, and what it loses to them. */
export class Moves implements AsyncDisposable {
  readonly departures: Departures;
  readonly #options: MovesOptions;
  readonly #log: Logger;
  #table: Cluster | null = null;
  /** Other bridges that sessions come from, by their numbers. */
  readonly #sources = new Map<number, Source>();
  /** Routes that are ours, whose sessions are on their way. */
  readonly #awaited = new Map<number, Source>();
  /** Routes that a plan gives us. */
  #promised: ReadonlySet<number> = new Set();
  #planTimer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: MovesOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: "moves" });
    this.departures = new Departures(options);
  }

  /** True: what comes for this route has to wait until its sessions are here. */
  isComing(route: number): boolean {
    return this.#awaited.has(route) || this.#promised.has(route);
  }

  /** A table is to come: joins what we will need by it. @param prepared called when that is done */
  plan(plan: Cluster, prepared: () => void): void {
    const gains = this.#gains(plan);
    this.#promised = new Set([...gains.values()].flat());
    clearTimeout(this.#planTimer);
    this.#planTimer = setTimeout(() => this.#forgetPlan(), PLAN_KEPT_MS).unref();
    const preparing = [...gains].map(([node, routes]) => this.#sourceOf(node)?.prepare(plan.epoch, routes));
    Promise.all(preparing).then(prepared, prepared);
  }

  /**
   * There is a new table. Whoever follows it as well says when what waits for sessions may go on: those that do not come from
   * here any more may be rebuilt.
   *
   * @param isSame we were in the one before as well, so our sessions are still ours to hand over
   */
  follow(table: Cluster, isSame: boolean): void {
    const before = this.#table;
    const gains = this.#gains(table);
    this.#table = table;
    this.#promised = new Set();
    clearTimeout(this.#planTimer);
    const isOurs = (route: number) => this.#owns(table, route);
    this.departures.cancel([...this.#awaited.keys(), ...routesOf(table)].filter(isOurs));
    const lost =
      before && isSame ? routesOf(before).filter((route) => this.#owns(before, route) && !isOurs(route)) : [];
    this.departures.begin(
      table.epoch,
      lost.filter((route) => (table.owners[route - 1] ?? 0) > 0),
    );
    const isGone = ({ isUp, node }: Source) => !isUp && !table.nodes.some((one) => one.node === node);
    const over = [...this.#awaited].filter(([route, source]) => !isOurs(route) || isGone(source));
    for (const [route, source] of over) this.#giveUp(route, source);
    for (const [node, routes] of gains) {
      const isAlive = this.#sources.get(node)?.isUp === true || isSameNode(before, table, node);
      if (isAlive) this.#take(node, table.epoch, routes);
    }
    this.#tidy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    clearTimeout(this.#planTimer);
    this.#awaited.clear();
    const sources = [...this.#sources.values()];
    this.#sources.clear();
    await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()));
  }

  #take(node: number, epoch: number, routes: readonly number[]): void {
    const { handoverMs } = this.#options;
    const source = this.#sourceOf(node);
    if (!source) return;
    for (const route of routes) this.#awaited.set(route, source);
    source.take(epoch, routes);
    this.#log.info({ from: node, epoch, routes: routes.length }, "taking over sessions");
    setTimeout(() => {
      const late = routes.filter((route) => this.#awaited.get(route) === source);
      if (late.length > 0) this.#log.warn({ from: node, routes: late.length }, "sessions have not come in time");
      this.#arrived(late);
      this.#tidy();
    }, handoverMs).unref();
  }

  /** They are served from now on, with the sessions that are here. */
  #arrived(routes: readonly number[]): void {
    for (const route of routes) this.#giveUp(route, this.#awaited.get(route));
    if (routes.length > 0) this.#options.onArrived();
  }

  #giveUp(route: number, source: Source | undefined): void {
    source?.giveUp([route]);
    this.#awaited.delete(route);
  }

  #sourceOf(node: number): Source | undefined {
    const known = this.#sources.get(node);
    const address = this.#table?.nodes.find((one) => one.node === node)?.address;
    if (known || address === undefined || this.#isDisposed) return known;
    const { link, adoption, hold } = this.#options;
    const source: Source = new Source({
      ...link,
      ...splitAddress(address),
      expectedNode: node,
      adoption,
      holding: hold(),
      onRoute: (route) => {
        this.#arrived([route]);
        this.#tidy();
      },
    });
    this.#sources.set(node, source);
    return source;
  }

  /** Ends the links that nothing comes by any more. */
  #tidy(): void {
    if (this.#promised.size > 0) return;
    for (const [node, source] of this.#sources) {
      if (!source.isIdle) continue;
      this.#sources.delete(node);
      source[Symbol.asyncDispose]().catch((error: unknown) => {
        this.#log.error({ err: error }, "closing a link failed");
      });
    }
  }

  #forgetPlan(): void {
    this.#promised = new Set();
    this.#tidy();
  }

  /** Routes that a table would give us, by the bridge that has them. */
  #gains(after: Cluster): Map<number, number[]> {
    const before = this.#table;
    const gains = new Map<number, number[]>();
    if (!before) return gains;
    for (const route of routesOf(after)) {
      const owner = before.owners[route - 1] ?? 0;
      if (owner === 0 || owner === this.#options.node || !this.#owns(after, route)) continue;
      const routes = gains.get(owner);
      if (routes) routes.push(route);
      else gains.set(owner, [route]);
    }
    return gains;
  }

  #owns({ owners, nodes }: Cluster, route: number): boolean {
    const { node, instance } = this.#options;
    if (owners[route - 1] !== node) return false;
    return nodes.some((one) => one.node === node && (one.instance === "" || one.instance === instance));
  }
}

function routesOf({ owners }: Cluster): number[] {
  return owners.map((_, index) => index + 1);
}

/** Whether a bridge is in both tables, and not given up in between. */
function isSameNode(before: Cluster | null, after: Cluster, number: number): boolean {
  const [was, is] = [before, after].map((table) => table?.nodes.find(({ node }) => node === number));
  return was !== undefined && is !== undefined && was.instance === is.instance && was.sinceMs === is.sinceMs;
}
