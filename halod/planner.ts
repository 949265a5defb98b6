import type { Logger } from "pino";
import type { Link } from "../link/index.ts";
import type { Cluster } from "./cluster.ts";
import { planPayload } from "./control.ts";
import { clusterOf, type Membership } from "./membership.ts";
import { BYTES_PER_MS, MAX_GAP_MS, type Publisher } from "./publisher.ts";

export interface PlannerOptions {
  /** How long bridges and dispatchers may take to prepare, from the first of several changes on. */
  readonly prepareMs: number;
  readonly now: () => number;
  readonly log: Logger;
  /** What everybody may know at the start. */
  readonly membership: Membership;
  readonly publisher: Pick<Publisher, "publish" | "whenTold">;
  /** Of those that have registered, by their instances. */
  readonly links: ReadonlyMap<string, Link>;
}

/** A table that bridges prepare for. */
interface Plan {
  readonly membership: Membership;
  readonly deadlineMs: number;
  /** Instances that have not answered yet. */
  readonly waiting: Set<string>;
}

/**
 * Lets bridges prepare for routes that they are to take over from others that live, before everybody is told: so they are
 * in the channels before the sessions come, and dispatchers are connected to them. What a dead bridge had moves at once.
 */
export class Planner {
  readonly #options: PlannerOptions;
  /** What was published last. */
  #published: Membership;
  #plan: Plan | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waiting: (() => void)[] = [];
  /** Plans that come fast leave together, as tables do. */
  #telling: NodeJS.Timeout | null = null;
  #tellGapMs = 0;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#published = options.membership;
  }

  /** Takes the newest state; it is published at once, or when those have prepared that gain by it. */
  next(membership: Membership): void {
    const { prepareMs, now, links } = this.#options;
    // Somebody's link came or went, which is nothing that a table tells.
    if (this.#plan?.membership.epoch === membership.epoch) return;
    if (this.#published.epoch === membership.epoch) return this.#publish(membership);
    const [before, after] = [clusterOf(this.#published), clusterOf(membership)];
    // Whose registration this is has no link here yet; who leaves has one still, and is no member any more.
    const linked = new Set(membership.members.filter(({ lostMs }) => lostMs === null).map(({ instance }) => instance));
    const isLinked = (instance: string) => links.has(instance) || linked.has(instance);
    const gaining = before && after ? gainingFromLiving(before, after, isLinked) : null;
    if (!gaining || gaining.size === 0) return this.#publish(membership);
    for (const { peer } of links.values()) if (peer.role === "dispatcher") gaining.add(peer.instance);
    this.#plan = { membership, deadlineMs: this.#plan?.deadlineMs ?? now() + prepareMs, waiting: gaining };
    // A bridge that has just registered is told the table that is in force before it is told this one.
    this.#telling ??= setTimeout(() => this.#tell(), this.#tellGapMs).unref();
    this.#timer ??= setTimeout(() => this.#onLate(), prepareMs).unref();
  }

  /** A bridge or a dispatcher is ready for a plan. */
  prepared(instance: string, epoch: number): void {
    const plan = this.#plan;
    if (!plan || plan.membership.epoch !== epoch) return;
    plan.waiting.delete(instance);
    if (plan.waiting.size === 0) this.#publish(plan.membership);
  }

  /** A dispatcher has gone: nobody waits for it. */
  went(instance: string): void {
    if (this.#plan) this.prepared(instance, this.#plan.membership.epoch);
  }

  /** Calls when everybody has been told of the newest state. */
  whenTold(callback: () => void): void {
    if (this.#plan) this.#waiting.push(callback);
    else this.#options.publisher.whenTold(callback);
  }

  /** Goes on from a state that is in force; what is planned is forgotten, and who waits for it. */
  reset(membership: Membership): void {
    this.stop();
    this.#waiting = [];
    this.#published = membership;
  }

  /** What is planned is forgotten. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#telling) clearTimeout(this.#telling);
    this.#telling = null;
    this.#plan = null;
  }

  #tell(): void {
    this.#telling = null;
    const plan = this.#plan;
    const cluster = plan && clusterOf(plan.membership);
    if (!plan || !cluster) return;
    const payload = planPayload(cluster);
    this.#tellGapMs = Math.min(MAX_GAP_MS, (payload.length * plan.waiting.size) / BYTES_PER_MS);
    for (const instance of plan.waiting) this.#options.links.get(instance)?.send({ type: "control", payload });
    this.#options.log.info({ epoch: cluster.epoch, members: plan.waiting.size }, "table planned");
  }

  #onLate(): void {
    const { membership, waiting } = this.#plan ?? {};
    if (!membership || !waiting) return;
    this.#options.log.warn({ epoch: membership.epoch, waiting: [...waiting] }, "not all have prepared in time");
    this.#publish(membership);
  }

  #publish(membership: Membership): void {
    const { publisher } = this.#options;
    this.stop();
    this.#published = membership;
    publisher.publish(membership);
    for (const callback of this.#waiting.splice(0)) publisher.whenTold(callback);
  }
}

/**
 * Who takes over routes from bridges that live.
 *
 * @returns their instances; null where routes of a dead bridge move too, which is not to wait
 */
function gainingFromLiving(
  before: Cluster,
  after: Cluster,
  isLinked: (instance: string) => boolean,
): Set<string> | null {
  const instanceIn = ({ nodes }: Cluster) => new Map(nodes.map(({ node, instance }) => [node, instance]));
  const [losing, gaining] = [instanceIn(before), instanceIn(after)];
  const found = new Set<string>();
  for (const [index, node] of after.owners.entries()) {
    const loser = losing.get(before.owners[index] ?? 0);
    const gainer = gaining.get(node);
    if (loser === undefined || gainer === undefined || loser === gainer) continue;
    if (!isLinked(loser)) return null;
    found.add(gainer);
  }
  return found;
}
