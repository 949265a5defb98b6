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
  }

  /** @throws NetworkError */
  async join(name: string): Promise<void> {
    const home = this.#homes.get(name);
    if (home !== undefined) return this.#joinAt(home, name);
    const tried = new Set<Receiver>();
    for (;;) {
      const receiver = this.#choose(tried);
      tried.add(receiver);
      this.#homes.set(name, receiver);
      try {
        return await this.#joinAt(receiver, name);
      } catch (error) {
        const isOver = this.#homes.get(name) !== receiver;
        if (!isOver && receiver.channels.get(name) === undefined) this.#homes.delete(name);
        if (isOver || !(error instanceof TooManyChannelsError)) throw error;
        this.#capacity = Math.max(1, Math.min(this.#capacity, receiver.channels.size));
      }
    }
  }

  leave(name: string): void {
    this.#homes.get(name)?.leave(name);
    this.#homes.delete(name);
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
      onFull(this.#capacity);
      const full = `${this.#all.length} connections (irc.maxReceivers) with ${this.#capacity} channels each are full`;
      throw new NetworkError("refused", `the server allows no more channels: ${full}`);
    }
    const receiver = make(this.#all.length + 1);
    this.#all.push(receiver);
    if (this.#isStarted) receiver.connection.start();
    return receiver;
  }

  #load(receiver: Receiver): number {
    let load = 0;
    for (const home of this.#homes.values()) if (home === receiver) load += 1;
    return load;
  }
}
