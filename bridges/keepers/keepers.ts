import type { Logger } from "pino";
import type { Cluster, ClusterNode } from "../../halod/index.ts";
import { type LinkClientOptions, splitAddress } from "../../link/index.ts";
import type { Channel } from "../channel/channel.ts";
import type { Channels } from "../channel/channels.ts";
import { isHeard } from "./heard.ts";
import { Keeper, type KeeperOptions } from "./keeper.ts";
import { type Protection, protectionOf } from "./protection.ts";
import { keepersOf } from "./ring.ts";

/** What having channels kept needs. */
export interface KeepersOptions extends Pick<KeeperOptions, "instance" | "messages" | "streams" | "now"> {
  /** Our own number. */
  readonly node: number;
  readonly channels: Channels;
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

const SWEEP_MS = 500;
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
  #told = "";
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
    // Who has no routes has nothing to lose.
    const [next] = isOn && this.#isActive ? keepersOf(table, node) : [];
    if (this.#former && !isIn(table, this.#former)) this.#endFormer();
    if (!next || !this.#present || !isAt(next, this.#present)) this.#change(table, next);
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

  /** Null where nobody could take over, or there is nothing to take over. */
  get protection(): Protection | null {
    const { hasTickets, keeper: isOn } = this.#options;
    if (!this.#table || !this.#isActive) return null;
    const { epoch } = this.#table;
    if (!isOn) return { isProtected: false, reason: "bridge.keeper is off", epoch };
    const keepers = this.#all.map(({ keeper }) => keeper);
    const heard = [...this.#heard()].map(({ name }) => name);
    const counts = keepers.map((keeper) => heard.filter((name) => keeper.isKept(name)).length);
    const best = counts.indexOf(Math.max(...counts));
    const keeper = keepers[best] ?? null;
    const why = keeper && keeper.reasonFor(heard.filter((name) => !keeper.isKept(name)));
    const kept = counts[best] ?? 0;
    return protectionOf({ epoch, keeper, channels: heard.length, kept, why, hasTickets: hasTickets() });
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
    const heard = this.#look();
    for (const { keeper } of this.#all) {
      // Who subscribes right now has asked for it already.
      keeper.retain((name) => heard.has(name) || (this.#options.channels.get(name)?.users ?? 0) > 0);
      keeper.sweep(this.#options.now());
    }
    this.#tell();
  }

  /** Where it is another protection than before; soon, since much may change at once. */
  #tell(): void {
    if (this.#isDisposed) return;
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      const told = JSON.stringify(this.protection);
      if (told !== this.#told) this.#options.onChange();
      this.#told = told;
    }, TELL_MS).unref();
  }

  /** Has everything kept that sessions hear. */
  #look(): ReadonlySet<string> {
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    const heard = new Set([...this.#heard()].map(({ name }) => name));
    for (const { keeper } of this.#all) for (const name of heard) keeper.want(name);
    this.#letGo();
    return heard;
  }
}

function isAt({ node, address }: ClusterNode, asked: Asked): boolean {
  return asked.keeper.node === node && asked.address === address;
}

function isIn({ nodes }: Cluster, asked: Asked): boolean {
  return nodes.some((node) => isAt(node, asked));
}
