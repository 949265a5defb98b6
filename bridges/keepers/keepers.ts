import type { Logger } from "pino";
import type { Cluster, ClusterNode } from "../../halod/index.ts";
import { type LinkClientOptions, splitAddress } from "../../link/index.ts";
import type { Channel } from "../channel/channel.ts";
import type { Channels } from "../channel/channels.ts";
import { isHeard } from "./heard.ts";
import { Keeper, type KeeperOptions } from "./keeper.ts";
import type { Keeping } from "./keeping.ts";
import { type Protection, protectionOf } from "./protection.ts";
import { keepersOf } from "./ring.ts";

/** What having channels kept needs. */
export interface KeepersOptions extends Pick<KeeperOptions, "instance" | "messages" | "streams" | "now"> {
  /** Our own number. */
  readonly node: number;
  readonly channels: Channels;
  readonly keeping: Pick<Keeping, "uses">;
  /** What links to other bridges are made with. */
  readonly link: Omit<LinkClientOptions, "host" | "port" | "owner" | "expectedNode">;
  /** False: nobody is to keep anything. */
  readonly keeper: boolean;
  /** How long a subscribe waits for the keeper, at most. */
  readonly keeperWaitMs: number;
  /** Every session's ticket is with its dispatchers. */
  readonly hasTickets: () => boolean;
  /** It is another protection than before. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/** One that is asked, and by what address. */
interface Asked {
  readonly keeper: Keeper;
  readonly address: string;
}

const SWEEP_MS = 250;
const SWEEPS_PER_LOOK = 4;
/** What sessions do comes often, and many at a time. */
const LOOK_MS = 50;
const TELL_MS = 20;

/**
 * Who keeps this bridge's channels: the next one in the ring; and while that is new, also who did before, until the new
 * one has all of them.
 */
export class Keepers implements AsyncDisposable {
  readonly #options: KeepersOptions;
  readonly #log: Logger;
  #table: Cluster | null = null;
  #present: Asked | null = null;
  #former: Asked | null = null;
  #timer: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #tellTimer: NodeJS.Timeout | undefined;
  #protection: Protection | null = null;
  #sweeps = 0;
  /** Channels that are about to be heard, and are not kept yet. */
  readonly #late = new Set<string>();
  #isDisposed = false;

  constructor(options: KeepersOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: "keepers" });
  }

  /** A newer table is in force. */
  follow(table: Cluster): void {
    if (this.#isDisposed) return;
    const { node, keeper: isOn } = this.#options;
    this.#table = table;
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    // Who has no routes has nothing to lose, but for sessions that are on their way to others.
    const [next] = isOn && this.#isActive ? keepersOf(table, node) : [];
    const present = this.#present;
    const isGone = present !== null && !isIn(table, present);
    if (this.#former && !isIn(table, this.#former)) this.#endFormer();
    if (isGone || (this.#isActive && (!next || !present || !isAt(next, present)))) this.#change(table, next);
    this.#tell();
  }

  /**
   * Somebody is about to subscribe to channels: they are to be kept.
   *
   * @returns when that is so, or known not to be for now; the time for it is bounded
   */
  async ready(names: Iterable<string>): Promise<void> {
    const keeper = this.#present?.keeper;
    if (!keeper) return;
    const asked = [...names].filter((name) => !keeper.isKept(name));
    if (asked.length === 0) return;
    for (const name of asked) keeper.want(name);
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), this.#options.keeperWaitMs).unref();
    await Promise.race([Promise.all(asked.map((name) => keeper.answered(name))), late.promise]);
    clearTimeout(timer);
    // Who subscribed to these must not find us protected, not for a moment.
    for (const name of asked) if (!keeper.isKept(name)) this.#late.add(name);
    if (this.#late.size > 0) this.#update();
  }

  /** Some session hears something else than before. */
  look(): void {
    if (this.#present) this.#lookTimer ??= setTimeout(() => this.#look(), LOOK_MS).unref();
  }

  /** We have missed something of a channel. */
  broken(name: string, reason: string): void {
    for (const { keeper } of this.#all) keeper.broken(name, reason);
    this.#tell();
  }

  /** As it was a moment ago. Null where nobody could take over, or there is nothing to take over. */
  get protection(): Protection | null {
    return this.#protection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#lookTimer);
    clearTimeout(this.#tellTimer);
    const all = this.#all;
    this.#present = null;
    this.#former = null;
    await Promise.all(all.map(({ keeper }) => keeper[Symbol.asyncDispose]()));
  }

  get #isActive(): boolean {
    const { node } = this.#options;
    return this.#table?.nodes.some((one) => one.node === node && one.state === "active") === true;
  }

  get #all(): Asked[] {
    return [this.#present, this.#former].filter((asked) => asked !== null);
  }

  *#heard(): Generator<Channel> {
    for (const channel of this.#options.channels.all()) if (isHeard(channel)) yield channel;
  }

  #change(table: Cluster, next: ClusterNode | undefined): void {
    const before = this.#present;
    this.#present = next ? this.#ask(next) : null;
    this.#endFormer();
    // Who keeps them already goes on until the next one does.
    this.#former = before && next && isIn(table, before) ? before : null;
    if (before && !this.#former) this.#end(before);
    this.#look();
  }

  #ask({ node, address }: ClusterNode): Asked {
    const { link } = this.#options;
    this.#log.info({ keeper: node }, "another bridge keeps our channels");
    const own = { ...this.#options, ...link, ...splitAddress(address), expectedNode: node };
    const keeper: Keeper = new Keeper({
      ...own,
      onChange: () => {
        this.#letGo();
        this.#tell();
      },
    });
    return { keeper, address };
  }

  /** The former one, when the present one has everything. */
  #letGo(): void {
    const keeper = this.#present?.keeper;
    if (!this.#former || !keeper?.isUp) return;
    for (const { name } of this.#heard()) if (!keeper.isKept(name)) return;
    this.#endFormer();
  }

  #endFormer(): void {
    const former = this.#former;
    this.#former = null;
    if (former) this.#end(former);
  }

  #end({ keeper }: Asked): void {
    keeper.letGo();
    keeper[Symbol.asyncDispose]().catch((error: unknown) => this.#log.error({ err: error }, "closing a link failed"));
  }

  #sweep(): void {
    const { channels, keeping, now } = this.#options;
    this.#sweeps += 1;
    if (this.#sweeps % SWEEPS_PER_LOOK === 0) this.#look();
    const isWanted = (name: string): boolean => {
      const channel = channels.get(name);
      // Who subscribes right now has asked for it already. What we keep for others is kept by them.
      return channel !== undefined && (channel.users > keeping.uses(name) || isHeard(channel));
    };
    for (const { keeper } of this.#all) {
      if (this.#sweeps % SWEEPS_PER_LOOK === 0) keeper.retain(isWanted);
      keeper.sweep(now());
    }
  }

  #look(): void {
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    this.#late.clear();
    // What is new is to be kept.
    for (const { keeper } of this.#all) for (const { name } of this.#heard()) keeper.want(name);
    this.#letGo();
    this.#tell();
  }

  /** Where it is another protection than before; soon, since much may change at once. */
  #tell(): void {
    if (this.#isDisposed) return;
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      this.#update();
    }, TELL_MS).unref();
  }

  #update(): void {
    const before = JSON.stringify(this.#protection);
    this.#protection = this.#protect();
    if (JSON.stringify(this.#protection) !== before) this.#options.onChange();
  }

  #protect(): Protection | null {
    const { hasTickets, keeper: isOn } = this.#options;
    if (!this.#table || !this.#isActive) return null;
    const { epoch } = this.#table;
    if (!isOn) return { isProtected: false, reason: "bridge.keeper is off", epoch };
    const heard = [...new Set([...this.#late, ...[...this.#heard()].map(({ name }) => name)])];
    const guarded = { epoch, channels: heard.length, hasTickets: hasTickets() };
    const [best = null] = this.#all
      .map(({ keeper }) => ({ keeper, missing: heard.filter((name) => !keeper.isKept(name)) }))
      .toSorted((one, other) => one.missing.length - other.missing.length);
    if (!best) return protectionOf({ ...guarded, keeper: null, kept: 0, why: null });
    const { keeper, missing } = best;
    return protectionOf({ ...guarded, keeper, kept: heard.length - missing.length, why: keeper.reasonFor(missing) });
  }
}

function isAt({ node, address }: ClusterNode, asked: Asked): boolean {
  return asked.keeper.node === node && asked.address === address;
}

function isIn({ nodes }: Cluster, asked: Asked): boolean {
  return nodes.some((node) => isAt(node, asked));
}
