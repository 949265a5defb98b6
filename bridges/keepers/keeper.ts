import { type Frame, type Link, LinkClient, type LinkClientOptions, type LinkOwner } from "../../link/index.ts";
import type { Channels } from "../channel/channels.ts";
import type { Streams } from "../history/streams.ts";
import type { Log } from "../log/log.ts";
import { type Talk, Talker, TalkError } from "../moves/talk.ts";
import { NetworkError } from "../network.ts";
import { caughtUp, Gathered } from "./heard.ts";
import { inParts, pastsOf, type ToldPast } from "./past.ts";

export interface KeeperOptions extends Omit<LinkClientOptions, "owner"> {
  readonly expectedNode: number;
  /** Our own. */
  readonly instance: string;
  readonly channels: Pick<Channels, "get">;
  readonly messages: Log;
  readonly streams: Pick<Streams, "isFilling">;
  readonly now: () => number;
  /** More is kept than before, or less. */
  readonly onChange: () => void;
}

/** A channel that the other bridge is to keep. */
interface Wanted {
  /** The keeper's number for its being there, which our past answers. */
  at: number;
  isKept: boolean;
  /** Its ids there were not ours when it joined; it is asked once more, since we may have come after it. */
  isDoubted: boolean;
  /** Why not; null while the answer is on its way. */
  reason: string | null;
  /** Settles when it is kept, or known not to be for now. */
  answered: PromiseWithResolvers<void>;
  /** When it is asked for again, and how long after the last time. */
  nextMs: number;
  pauseMs: number;
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 10_000;
/** Channels whose past is told in one message. */
const AT_ONCE = 100;

/** Another bridge that keeps channels for us: is in them as long as we want, and knows what our sessions have had. */
export class Keeper implements LinkOwner, AsyncDisposable {
  readonly node: number;
  readonly #options: KeeperOptions;
  readonly #client: LinkClient;
  readonly #wanted = new Map<string, Wanted>();
  readonly #asking = new Gathered<string>((names) => this.#ask(names));
  #link: Link | null = null;
  #talker: Talker | null = null;
  #drained = Promise.withResolvers<void>();

  constructor(options: KeeperOptions) {
    this.node = options.expectedNode;
    this.#options = options;
    const peer = { ...options.peer, instance: `${options.instance}.keep` };
    this.#client = new LinkClient({ ...options, peer, owner: this });
    this.#client.start();
  }

  get isUp(): boolean {
    return this.#link !== null;
  }

  isKept(name: string): boolean {
    return this.#wanted.get(name)?.isKept === true;
  }

  /** Why some channel of these is not kept, where the keeper has said it. */
  reasonFor(names: Iterable<string>): string | null {
    for (const name of names) {
      const reason = this.#wanted.get(name)?.reason;
      if (reason) return reason;
    }
    return null;
  }

  /** From now on it keeps this one. */
  want(name: string): void {
    if (this.#wanted.has(name)) return;
    const nextMs = this.#options.now() + FIRST_PAUSE_MS;
    const answered = Promise.withResolvers<void>();
    const not = { at: -1, isKept: false, isDoubted: false, reason: null };
    this.#wanted.set(name, { ...not, answered, nextMs, pauseMs: FIRST_PAUSE_MS });
    if (!this.isUp) answered.resolve();
    else this.#asking.add(name);
  }

  /** Resolves when a channel is kept, or known not to be for now. */
  async answered(name: string): Promise<void> {
    await this.#wanted.get(name)?.answered.promise;
  }

  /** Those that are not among these need not be kept any more. */
  retain(isWanted: (name: string) => boolean): void {
    const drop = [...this.#wanted.keys()].filter((name) => !isWanted(name));
    for (const name of drop) {
      this.#wanted.get(name)?.answered.resolve();
      this.#wanted.delete(name);
    }
    const { instance } = this.#options;
    if (drop.length > 0) this.#talker?.send({ type: "keep", instance, isAll: false, add: [], drop });
  }

  /** We have missed something of a channel ourselves: what the keeper knows of our sessions there is not all. */
  broken(name: string, reason: string): void {
    const wanted = this.#wanted.get(name);
    if (wanted) this.#unkept(wanted, reason);
  }

  /** Asks again for what is not kept. */
  sweep(nowMs: number): void {
    if (!this.isUp) return;
    for (const [name, wanted] of this.#wanted) {
      if (wanted.isKept || wanted.nextMs > nowMs) continue;
      wanted.pauseMs = Math.min(wanted.pauseMs * 2, MAX_PAUSE_MS);
      wanted.nextMs = nowMs + wanted.pauseMs;
      this.#asking.add(name);
    }
  }

  /** It need not keep anything any more. */
  letGo(): void {
    const { instance } = this.#options;
    this.#talker?.send({ type: "keep", instance, isAll: true, add: [], drop: [] });
  }

  /** We stop: what it keeps may still be needed. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { answered } of this.#wanted.values()) answered.resolve();
    this.#wanted.clear();
    await this.#client[Symbol.asyncDispose]();
  }

  onUp(link: Link): void {
    this.#link = link;
    this.#talker = new Talker(link);
    const { instance } = this.#options;
    this.#talker.send({ type: "keep", instance, isAll: true, add: [...this.#wanted.keys()], drop: [] });
    for (const wanted of this.#wanted.values()) wanted.answered = Promise.withResolvers();
    this.#options.onChange();
  }

  onFrame(_link: Link, frame: Frame): void {
    this.#talker?.hear(frame, this.#options.faults, (message) => this.#onMessage(message));
  }

  onDrain(): void {
    this.#drained.resolve();
    this.#drained = Promise.withResolvers();
  }

  onDown(): void {
    this.#link = null;
    this.#talker = null;
    this.onDrain();
    for (const wanted of this.#wanted.values()) this.#unkept(wanted, null);
    this.#options.onChange();
  }

  #ask(names: readonly string[]): void {
    const { instance } = this.#options;
    const add = names.filter((name) => this.#wanted.has(name));
    if (add.length > 0) this.#talker?.send({ type: "keep", instance, isAll: false, add, drop: [] });
  }

  #onMessage(message: Talk): void {
    switch (message.type) {
      case "joined":
        return this.#onJoined(message.channels);
      case "unkept":
        for (const [name, reason] of message.channels) {
          const wanted = this.#wanted.get(name);
          if (wanted) this.#unkept(wanted, reason);
        }
        return this.#options.onChange();
      case "kept":
        for (const [name, at] of message.channels) {
          const wanted = this.#wanted.get(name);
          if (wanted?.at !== at) continue;
          wanted.isKept = true;
          wanted.isDoubted = false;
          wanted.reason = null;
          wanted.answered.resolve();
        }
        return this.#options.onChange();
      default:
        throw new TalkError(`a ${message.type} is not for the one whose channels are kept`);
    }
  }

  #onJoined(rows: readonly Joined[]): void {
    const isHere = ([name]: Joined) => this.#options.channels.get(name)?.isJoined === true;
    const here = rows.filter(isHere);
    if (here.length > 0) this.#answer(here);
    // Both join side by side, and the keeper was the first.
    for (const row of rows) {
      if (isHere(row)) continue;
      this.#options.channels.get(row[0])?.joining?.then(
        () => this.#answer([row]),
        () => undefined,
      );
    }
  }

  #answer(rows: readonly Joined[]): void {
    this.#tell(rows).catch((error: unknown) => {
      // The network is away: it is asked for again later.
      if (!(error instanceof NetworkError)) this.#options.log.error({ err: error }, "telling a keeper failed");
    });
  }

  /** The keeper is there: what we have heard by now is before what it hears from now on, or the same. */
  async #tell(rows: readonly Joined[]): Promise<void> {
    const { channels, messages } = this.#options;
    const talker = this.#talker;
    await caughtUp(rows.flatMap(([name]) => channels.get(name) ?? []));
    const told = new Map(rows.filter((row) => this.#isAgreed(row)).map(([name, at]) => [name, at]));
    const names = [...told.keys()];
    while (names.length > 0 && talker === this.#talker) {
      const some = names.splice(0, AT_ONCE).filter((name) => this.#wanted.has(name));
      for (const part of inParts(pastsOf(messages, new Set(some)))) {
        if (talker !== this.#talker) return;
        talker?.send({ type: "past", pasts: part.map((past) => [this.#answered(past, told), past]) });
        if (this.#link?.isFull === true) await this.#drained.promise;
      }
    }
  }

  /** @returns which moment of the keeper's a past answers */
  #answered({ channel }: ToldPast, told: ReadonlyMap<string, number>): number {
    const at = told.get(channel) ?? 0;
    const wanted = this.#wanted.get(channel);
    if (wanted) Object.assign(wanted, { at, nextMs: this.#options.now() + MAX_PAUSE_MS });
    return at;
  }

  #isAgreed([name, , mark]: Joined): boolean {
    const { channels, streams } = this.#options;
    const wanted = this.#wanted.get(name);
    const channel = channels.get(name);
    if (!wanted || !channel || streams.isFilling(name)) return false;
    const { agreement } = channel.network;
    if (!agreement || agreement.agrees(name, mark)) return true;
    if (wanted.isDoubted) this.#unkept(wanted, `messages have other ids there, as in ${name}`);
    else this.#asking.add(name);
    wanted.isDoubted = true;
    return false;
  }

  #unkept(wanted: Wanted, reason: string | null): void {
    if (wanted.isKept) wanted.pauseMs = FIRST_PAUSE_MS / 2;
    if (wanted.isKept) wanted.nextMs = this.#options.now();
    wanted.isKept = false;
    wanted.at = -1;
    wanted.reason = reason;
    wanted.answered.resolve();
  }
}

type Joined = readonly [name: string, at: number, mark: string | null];
