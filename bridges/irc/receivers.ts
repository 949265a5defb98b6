import { NetworkError } from "../network.ts";
import { TooManyChannelsError, type Channel } from "./channels.ts";
import type { IrcConfig } from "./config.ts";
import { foldAscii } from "./names.ts";
import type { Receiver } from "./receiver.ts";

/** What the table of receivers needs. */
export interface ReceiversParts {
  readonly config: IrcConfig;
  /** @param number 1-based */
  readonly make: (number: number) => Receiver;
  /** There is no room for a channel on any connection; `limit` is what one may have. */
  readonly onFull: (limit: number) => void;
}

/**
 * The receiving connections. Servers bound how many channels one connection may be in, so channels are spread over as many
 * connections as it takes; each stays where it is until it is left. A connection that was opened stays open.
 */
export class Receivers {
  readonly #parts: ReceiversParts;
  readonly #all: Receiver[] = [];
  /** Bayeux channel → its receiver, from the moment that somebody wants it. */
  readonly #homes = new Map<string, Receiver>();
  /** Channels that one connection may be in. It is a matter of the server, so the same for all. */
  #capacity = Number.POSITIVE_INFINITY;
  /** It has refused a channel for it. What it only announced may be less than it allows: InspIRCd's classes of users have their own. */
  #isProven = false;
  readonly #loads = new Map<Receiver, number>();
  #isStarted = false;

  constructor(parts: ReceiversParts) {
    this.#parts = parts;
    this.#all.push(parts.make(1));
  }

  get all(): readonly Receiver[] {
    return this.#all;
  }

  /** The first one, which is always there. */
  get first(): Receiver {
    const [first] = this.#all;
    if (first === undefined) throw new Error("no receivers");
    return first;
  }

  start(): void {
    this.#isStarted = true;
    for (const { connection } of this.#all) connection.start();
  }

  /** The receiver of a Bayeux channel. */
  of(name: string): Receiver | undefined {
    return this.#homes.get(name);
  }

  byNick(nick: string): Receiver | undefined {
    const folded = foldAscii(nick);
    return this.#all.find(({ connection }) => foldAscii(connection.nick) === folded);
  }

  /** The channel and its receiver, by the name that the server uses. */
  find(ircChannel: string): { readonly receiver: Receiver; readonly channel: Channel } | null {
    for (const receiver of this.#all) {
      const channel = receiver.channels.find(ircChannel);
      if (channel !== undefined) return { receiver, channel };
    }
    return null;
  }

  /** What a server told when it registered us replaces what we know from its refusals. */
  onRegistered(receiver: Receiver): void {
    this.#capacity = receiver.toldCapacity ?? Number.POSITIVE_INFINITY;
    this.#isProven = false;
  }

  /** @throws NetworkError */
  async join(name: string): Promise<void> {
    const home = this.#homes.get(name);
    if (home !== undefined) return this.#joinAt(home, name);
    const tried = new Set<Receiver>();
    for (;;) {
      const receiver = this.#choose(tried);
      tried.add(receiver);
      this.#settle(name, receiver);
      try {
        return await this.#joinAt(receiver, name);
      } catch (error) {
        const isOver = this.#homes.get(name) !== receiver;
        if (!isOver && receiver.channels.get(name) === undefined) this.#settle(name, null);
        if (isOver || !(error instanceof TooManyChannelsError)) throw error;
        this.#capacity = Math.max(
          1,
          this.#isProven ? Math.min(this.#capacity, receiver.channels.size) : receiver.channels.size,
        );
        this.#isProven = true;
      }
    }
  }

  leave(name: string): void {
    this.#homes.get(name)?.leave(name);
    this.#settle(name, null);
  }

  async #joinAt(receiver: Receiver, name: string): Promise<void> {
    // The first one may be away for long; a further one has just been opened for this.
    if (!receiver.isReady && receiver !== this.first) {
      await receiver.settled(this.#parts.config.joinTimeoutMs);
      if (this.#homes.get(name) !== receiver) throw new NetworkError("unavailable", "left meanwhile");
      if (!receiver.isReady) {
        const which = `the server allows ${this.#capacity} channels on one connection, and the next one is not there`;
        throw new NetworkError("unavailable", `${which}: ${receiver.lastReason}`);
      }
    }
    await receiver.join(name);
  }

  #choose(tried: ReadonlySet<Receiver>): Receiver {
    const withRoom = this.#all.filter((one) => !tried.has(one) && this.#load(one) < this.#capacity);
    const chosen = withRoom.find(({ isReady }) => isReady) ?? withRoom[0];
    if (chosen !== undefined) return chosen;
    const { config, make, onFull } = this.#parts;
    if (this.#all.length >= config.maxReceivers) {
      const untried = this.#isProven ? [] : this.#all.filter((one) => !tried.has(one));
      const [emptiest] = untried.toSorted((one, other) => this.#load(one) - this.#load(other));
      if (emptiest !== undefined) return emptiest;
      onFull(this.#capacity);
      const full = `${this.#all.length} connections (irc.maxReceivers) with ${this.#capacity} channels each are full`;
      throw new NetworkError("refused", `the server allows no more channels: ${full}`);
    }
    const receiver = make(this.#all.length + 1);
    this.#all.push(receiver);
    if (this.#isStarted) receiver.connection.start();
    return receiver;
  }

  /** Notes where a channel is; null is nowhere. */
  #settle(name: string, receiver: Receiver | null): void {
    const former = this.#homes.get(name);
    if (former !== undefined) this.#loads.set(former, this.#load(former) - 1);
    this.#homes.delete(name);
    if (receiver === null) return;
    this.#homes.set(name, receiver);
    this.#loads.set(receiver, this.#load(receiver) + 1);
  }

  #load(receiver: Receiver): number {
    return this.#loads.get(receiver) ?? 0;
  }
}
