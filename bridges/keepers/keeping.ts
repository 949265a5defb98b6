import { setTimeout as delay } from "node:timers/promises";
import type { Link } from "../../link/index.ts";
import type { Logger } from "pino";
import { BayeuxError } from "../../bayeux/index.ts";
import { asBayeuxError, type Channels } from "../channel/channels.ts";
import { Gate } from "../channel/gate.ts";
import type { Streams } from "../history/streams.ts";
import type { Log } from "../log/log.ts";
import type { Talk, Talker } from "../moves/talk.ts";
import { NetworkError } from "../network.ts";
import { caughtUp, Gathered } from "./heard.ts";
import { inParts, Past, type ToldPast, toldOf } from "./past.ts";
import type { Held, Ward } from "./ward.ts";

/** What keeping channels for others needs. */
export interface KeepingOptions {
  readonly channels: Channels;
  readonly messages: Log;
  readonly streams: Pick<Streams, "isFilling">;
  readonly now: () => number;
  readonly log: Logger;
  /** Of messages that others have told, in all. */
  readonly logBytes: number;
}

/** One that is on the way to it joins so many at once. */
const JOINS_AT_ONCE = 64;
/** Whoever takes over from a bridge that has gone asks us within that time. */
const LINGER_MS = 60_000;
const MAX_WARDS = 64;
/** Between two answers to one who reads slowly; after so many of them nobody waits for the rest any more. */
const WAIT_MS = 5;
const MAX_WAITS = 2_000;

/** The channels that this bridge keeps for others: it is in them, and knows what the others' sessions have had there. */
export class Keeping implements Disposable {
  readonly #options: KeepingOptions;
  readonly #log: Logger;
  readonly #gate = new Gate(JOINS_AT_ONCE);
  /** By the other bridges' instances, the oldest first. */
  readonly #wards = new Map<string, Ward>();
  /** By channel, how many of its users are we. */
  readonly #uses = new Map<string, number>();
  #bytes = 0;

  constructor(options: KeepingOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: "keeping" });
  }

  /** @returns what a bridge has told of a channel, where we have kept that for it without a gap; else null */
  past(instance: string, channel: string): Past | null {
    return this.#wards.get(instance)?.held.get(channel)?.past ?? null;
  }

  /** @returns how many of a channel's users are there for other bridges */
  uses(channel: string): number {
    return this.#uses.get(channel) ?? 0;
  }

  /** @returns false for what is not said to a keeper */
  take(link: Link, talker: Talker, message: Talk): boolean {
    switch (message.type) {
      case "keep":
        this.#keep(this.#wardOf(message.instance, link, talker), message);
        return true;
      case "past":
        this.#told(link, message.pasts);
        return true;
      case "fetch":
        this.#answer(link, talker, message.instance, message.names).catch((error: unknown) => {
          this.#log.error({ err: error }, "answering a new owner failed");
        });
        return true;
      default:
        return false;
    }
  }

  /** The other bridge may have died: whoever takes over needs what it had. */
  down(link: Link): void {
    for (const ward of this.#wards.values()) {
      if (ward.link !== link || !ward.talker) continue;
      ward.talker = null;
      ward.timer = setTimeout(() => this.#forget(ward), LINGER_MS).unref();
    }
  }

  /** We have missed something of a channel, or may have. */
  broken(name: string, reason: string): void {
    for (const ward of this.#wards.values()) {
      const held = ward.held.get(name);
      if (held?.isJoined === true) this.#lost(ward, held, reason);
    }
  }

  /** A network is away. */
  networkDown(networkName: string, reason: string): void {
    for (const { name, network } of this.#options.channels.all())
      if (network.name === networkName) this.broken(name, reason);
  }

  [Symbol.dispose](): void {
    for (const ward of this.#wards.values()) this.#forget(ward);
  }

  #wardOf(instance: string, link: Link, talker: Talker): Ward {
    const known = this.#wards.get(instance);
    if (known) {
      clearTimeout(known.timer);
      if (known.link !== link) for (const held of known.held.values()) this.#setPast(held, null);
      return Object.assign(known, { link, talker });
    }
    const ward: Ward = {
      ...{ instance, link, talker, held: new Map<string, Held>(), timer: undefined },
      joined: new Gathered((all) => this.#confirm(ward, all)),
      unkept: new Gathered((channels) => ward.talker?.send({ type: "unkept", channels: [...channels] })),
    };
    this.#wards.set(instance, ward);
    const [oldest] = this.#wards.values();
    if (this.#wards.size > MAX_WARDS && oldest) this.#forget(oldest);
    return ward;
  }

  #keep(ward: Ward, { isAll, add, drop }: Extract<Talk, { type: "keep" }>): void {
    const wanted = new Set(add);
    const gone = isAll ? [...ward.held.keys()].filter((name) => !wanted.has(name)) : drop;
    for (const name of gone) this.#drop(ward, name);
    for (const name of wanted) {
      const held = ward.held.get(name);
      if (!held) this.#begin(ward, name);
      else if (held.isJoined) ward.joined.add(held);
    }
    if (isAll) this.#log.info({ bridge: ward.link.peer.node, channels: wanted.size }, "keeping channels");
  }

  #begin(ward: Ward, name: string): void {
    const { channels, messages, now } = this.#options;
    const released = Promise.withResolvers<void>();
    const not = { isJoined: false, isNew: true, at: -1, past: null };
    const held: Held = { name, release: () => released.resolve(), joinedSeq: messages.seq, ...not };
    ward.held.set(name, held);
    const isWanted = () => ward.held.get(name) === held;
    const join = async (): Promise<void> => {
      if (!isWanted()) return;
      const joined = Promise.withResolvers<void>();
      const use = () => {
        messages.begin(name, now());
        joined.resolve();
        return released.promise;
      };
      this.#uses.set(name, this.uses(name) + 1);
      channels
        .withJoined([name], use)
        .catch((error: unknown) => joined.reject(asError(error, name)))
        .finally(() => {
          const left = this.uses(name) - 1;
          if (left > 0) this.#uses.set(name, left);
          else this.#uses.delete(name);
        });
      await joined.promise;
    };
    this.#gate.pass(join).then(
      () => {
        held.isJoined = true;
        if (isWanted()) ward.joined.add(held);
      },
      (error: unknown) => {
        if (!isWanted()) return;
        ward.held.delete(name);
        ward.unkept.add([name, error instanceof Error ? error.message : String(error)]);
        if (!(error instanceof BayeuxError)) this.#log.error({ err: error }, "keeping a channel failed");
      },
    );
  }

  /** We are in these channels: what the other bridge has heard when it reads this, and what we hear, is all there is. */
  #confirm(ward: Ward, all: readonly Held[]): void {
    const { channels, messages, streams } = this.#options;
    const isWhole = ({ name }: Held) => channels.get(name) !== undefined && !streams.isFilling(name);
    const whole = [...new Set(all)].filter(isWhole);
    const older = whole.filter(({ isNew }) => !isNew).flatMap(({ name }) => channels.get(name) ?? []);
    for (const held of whole) held.isNew = false;
    (older.length === 0 ? Promise.resolve() : caughtUp(older)).then(
      () => {
        const rows = whole.filter(isWhole).map((held): [string, number, string | null] => {
          const { name } = held;
          this.#setPast(held, null);
          held.at = messages.seq;
          const agreement = channels.get(name)?.network.agreement;
          return [name, held.at, agreement ? agreement.mark(name) : null];
        });
        if (rows.length > 0) ward.talker?.send({ type: "joined", channels: rows });
      },
      (error: unknown) => {
        // The network is away; the other bridge asks again.
        if (!(error instanceof NetworkError)) this.#log.error({ err: error }, "confirming channels failed");
      },
    );
  }

  #told(link: Link, pasts: readonly (readonly [number, ToldPast])[]): void {
    const ward = [...this.#wards.values()].find((one) => one.link === link);
    const kept: [string, number][] = [];
    for (const [at, past] of pasts) {
      const held = ward?.held.get(past.channel);
      if (!held || held.at !== at) continue;
      this.#setPast(held, new Past(past, { agreedSeq: at, joinedSeq: this.#joinedSeq(held) }, true));
      kept.push([past.channel, at]);
    }
    if (kept.length > 0) ward?.talker?.send({ type: "kept", channels: kept });
    this.#trim();
  }

  async #answer(link: Link, talker: Talker, instance: string, names: readonly string[]): Promise<void> {
    const { channels } = this.#options;
    try {
      await caughtUp(names.flatMap((name) => channels.get(name) ?? []));
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      return talker.send({ type: "fetched", pasts: [], isLast: true });
    }
    for (const part of inParts(this.#pasts(instance, names))) {
      talker.send({ type: "fetched", pasts: part, isLast: false });
      for (let waits = 0; link.isFull && waits < MAX_WAITS; waits++) await delay(WAIT_MS, undefined, { ref: false });
    }
    talker.send({ type: "fetched", pasts: [], isLast: true });
  }

  /** Of channels that are kept whole, what the other bridge has told and we have heard. */
  *#pasts(instance: string, names: readonly string[]): Generator<ToldPast> {
    for (const name of names) {
      const whole = this.past(instance, name)?.whole(this.#options.messages);
      if (whole?.isProved === true) yield toldOf(name, whole.entries, whole.anchor);
    }
  }

  #joinedSeq({ name, joinedSeq }: Held): number | null {
    return this.#options.channels.get(name)?.network.agreement?.isCounted(name) === true ? null : joinedSeq;
  }

  #lost(ward: Ward, held: Held, reason: string): void {
    held.at = -1;
    held.joinedSeq = this.#options.messages.seq;
    this.#setPast(held, null);
    ward.unkept.add([held.name, reason]);
  }

  #drop(ward: Ward, name: string): void {
    const held = ward.held.get(name);
    if (!held) return;
    ward.held.delete(name);
    this.#setPast(held, null);
    held.release();
  }

  #forget(ward: Ward): void {
    clearTimeout(ward.timer);
    if (this.#wards.get(ward.instance) === ward) this.#wards.delete(ward.instance);
    for (const name of ward.held.keys()) this.#drop(ward, name);
  }

  #setPast(held: Held, past: Past | null): void {
    this.#bytes += (past?.bytes ?? 0) - (held.past?.bytes ?? 0);
    held.past = past;
  }

  /** Who is far behind there gets a gap notice; whoever had everything can still go on. */
  #trim(): void {
    if (this.#bytes <= this.#options.logBytes) return;
    for (const { held } of this.#wards.values())
      for (const one of held.values()) {
        if (one.past) this.#setPast(one, one.past.end);
        if (this.#bytes <= this.#options.logBytes) return;
      }
  }
}

function asError(error: unknown, name: string): Error {
  const shown = asBayeuxError(error, name);
  return shown instanceof Error ? shown : new Error(String(shown));
}
