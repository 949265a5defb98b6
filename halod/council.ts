import { setTimeout as delay } from "node:timers/promises";
import type { Link } from "../link/index.ts";
import type { ChairEffect } from "./agenda.ts";
import { Chair } from "./chair.ts";
import { controlPayload, type ControlRequest } from "./control.ts";
import { OvertakenError, type CouncilOptions } from "./council-options.ts";
import { haloVoter } from "./electorate.ts";
import type { Membership } from "./membership.ts";
import { ReachLog } from "./reach-log.ts";
import { savedTableOf } from "./saved-table.ts";
import type { Saved } from "./store.ts";
import { compareVersions, type Proposal, type SavedTable, type Version, type Ballot } from "./vote.ts";
import { isSound, type FromHalod, type FromPeer, type FromVoter } from "./vote-messages.ts";

/** What is to be said about votes, and by whom. */
type Said = FromHalod | FromVoter | FromPeer;

const TICK_MS = 100;
/** Who comes and goes is told of in a large cluster at this rate. */
const BYTES_PER_MS = 100_000;
/** Until a file that could not be written is tried again. */
const RETRY_MS = 1_000;
/** A newer state waits so long for an older one that is not agreed to. */
const OVERTAKE_MS = 500;
/** It is said so often within the time after which silence counts. */
const BEATS = 4;

/** A HaloD's place among those who vote: what it says is said here, what it promises is written here, and time passes. */
export class Council implements AsyncDisposable {
  readonly #options: CouncilOptions;
  readonly #chair: Chair;
  readonly #reachLog: ReachLog;
  readonly #stop = new AbortController();
  readonly #links = new Map<string, Link>();
  readonly #voters = new Map<Link, string>();
  readonly #effects: ChairEffect[] = [];
  #running: Promise<void> | null = null;
  #isRunning = false;
  #timers: NodeJS.Timeout[] = [];
  /** By which we act; 0: we do not. */
  #turn = 0;
  #table: SavedTable | null = null;
  #waiting: { readonly epoch: number; readonly sinceMs: number; readonly done: PromiseWithResolvers<void> } | null =
    null;
  #isOvertaken = false;
  /** The state that was proposed last, in bytes, and on which links. */
  #proposed: { readonly version: Version; readonly payload: Buffer; readonly to: Set<Link> } | null = null;
  /** Those who have a say are looked at again then: a large cluster is not told of each that comes and goes. */
  #lookMs = 0;
  /** What was wanted last; null where it is to be looked at anew. */
  #asked: { readonly table: SavedTable; readonly voters: readonly string[] } | null = null;

  constructor(options: CouncilOptions) {
    const { saved, config, random } = options;
    this.#options = options;
    this.#reachLog = new ReachLog(options.log);
    this.#chair = new Chair({
      ...{ id: saved.halod, vote: saved.vote, random },
      isStandby: config.standbyOf !== "",
      patienceMs: config.failAfterMs,
      silenceMs: config.silenceMs,
    });
  }

  start(): void {
    const { now, config } = this.#options;
    this.#do(() => this.#chair.start(now()));
    const tick = setInterval(() => this.#tick(), TICK_MS);
    const beat = setInterval(() => this.#do(() => this.#chair.beat()), Math.ceil(config.silenceMs / BEATS));
    this.#timers = [tick.unref(), beat.unref()];
  }

  /** Whether tables may be made here. */
  get isActing(): boolean {
    return this.#turn > 0 && this.#chair.isActing;
  }

  /** Whether it is one of those who decide what comes next. */
  get hasSay(): boolean {
    return this.#chair.standing.hasSay;
  }

  /** What is told of this HaloD. */
  get standing() {
    const { term, reached, voters } = this.#chair.standing;
    const role = this.isActing ? "acting" : this.#chair.isFollowing ? "standby" : "resting";
    return { role, reached, voters, term } as const;
  }

  /** The newest state that we know of; it may not be in force. */
  get table(): SavedTable | null {
    return (this.#chair.committed ?? this.#options.saved.vote.accepted)?.table ?? null;
  }

  /** A member has registered. */
  came(link: Link, voter: string, promised: Ballot | null): void {
    this.#join(link, voter);
    this.#do(() => this.#chair.came(voter, promised));
  }

  /** The link to the other HaloD is up. */
  greet(link: Link): void {
    link.send({ type: "control", payload: controlPayload(this.#chair.introduction) });
  }

  /** A link has ended. */
  went(link: Link, isOrderly: boolean): void {
    const voter = this.#voters.get(link);
    this.#voters.delete(link);
    this.#asked = null;
    this.#proposed?.to.delete(link);
    if (voter === undefined || this.#links.get(voter) !== link) return;
    this.#links.delete(voter);
    this.#do(() => this.#chair.went(voter, isOrderly));
  }

  /** It was full, perhaps when something was proposed: it has a say in that, too. */
  onDrain(link: Link): void {
    const voter = this.#voters.get(link);
    if (voter !== undefined && this.#proposed?.to.has(link) === false) this.#do(() => this.#chair.came(voter));
  }

  /** @returns whether it is something about votes */
  onRequest(link: Link, request: ControlRequest): boolean {
    switch (request.type) {
      case "halod":
        if (link.peer.role !== "halod") return false;
        if (request.id === this.#options.saved.halod) {
          this.#options.log.error(
            { peer: link.peer.name },
            "the other HaloD has a copy of our halod.file, or is this one",
          );
          link.close("it has our halod.file");
          return true;
        }
        this.#join(link, haloVoter(request.id));
        this.#do(() => this.#chair.onPeer(request));
        return true;
      case "ask":
      case "propose":
      case "commit":
      case "beat":
        if (link.peer.role !== "halod") return false;
        break;
      case "promise":
      case "accepted":
      case "declined":
        break;
      default:
        return false;
    }
    if (!isSound(request)) return false;
    const voter = this.#voters.get(link);
    if (voter !== undefined) this.#do(() => this.#chair.onMessage(voter, request));
    return true;
  }

  /** Resolves when this is in force, and all who have agreed know. @throws OvertakenError where it will not be */
  write(membership: Membership): Promise<void> {
    const table = savedTableOf(membership);
    this.#table = table;
    const done = Promise.withResolvers<void>();
    this.#waiting?.done.reject(new OvertakenError("a newer table waits"));
    this.#waiting = { epoch: table.epoch, sinceMs: this.#options.now(), done };
    this.#isOvertaken = false;
    if (this.isActing) this.#want();
    else this.#giveUp();
    return done.promise;
  }

  /** Something newer waits for what is being written. */
  overtake(): void {
    this.#isOvertaken = true;
  }

  /** Whether a link gets the state of this epoch by its agreement to it. */
  tells(link: Link): boolean {
    return this.#proposed?.to.has(link) === true;
  }

  /** Resolves when nothing is being written any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.#giveUp();
    await this.#running;
  }

  #join(link: Link, voter: string): void {
    this.#asked = null;
    this.#links.set(voter, link);
    this.#voters.set(link, voter);
  }

  #tick(): void {
    const { now } = this.#options;
    this.#do(() => this.#chair.tick(now()));
    if (this.isActing && now() >= this.#lookMs) this.#want();
    if (this.#isOvertaken && this.#waiting && now() - this.#waiting.sinceMs > OVERTAKE_MS) this.#giveUp();
    this.#reachLog.look(this.standing, this.hasSay, now());
  }

  #want(): void {
    const table = this.#table ?? this.#chair.committed?.table;
    const voters = this.#options.voters();
    // It is asked many times a second, and nearly always nothing has changed.
    if (!table || (this.#asked?.table === table && this.#asked.voters === voters)) return;
    this.#asked = { table, voters };
    this.#do(() => this.#chair.want(this.#turn, table, voters));
  }

  #giveUp(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.done.reject(new OvertakenError("it is not agreed to"));
  }

  #do(act: () => void): void {
    act();
    this.#effects.push(...this.#chair.take());
    if (!this.#isRunning && !this.#stop.signal.aborted) this.#running = this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let effect = this.#effects.shift(); effect; effect = this.#effects.shift()) {
      if (effect.type === "write") await this.#write(effect.vote);
      if (this.#stop.signal.aborted) break;
      this.#execute(effect);
    }
    this.#isRunning = false;
  }

  async #write(vote: Saved["vote"]): Promise<void> {
    const { store, saved, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        return await store.write({ halod: saved.halod, vote });
      } catch (error) {
        const epoch = vote.accepted?.table.epoch;
        log.error({ err: error, epoch }, "table not written, so not told either; trying again");
      }
      await delay(RETRY_MS, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
    }
  }

  #execute(effect: ChairEffect): void {
    const { log, onActing, onResting } = this.#options;
    switch (effect.type) {
      case "write":
        return;
      case "send":
        return this.#send(effect.to, effect.message);
      case "stored":
        return this.#do(() => this.#chair.onStored(effect.version));
      case "committed":
        return this.#onCommitted(effect.proposal);
      case "acting":
        this.#turn = effect.turn;
        this.#asked = null;
        this.#table = null;
        log.info({ term: this.#chair.standing.term, epoch: effect.epoch }, "HaloD acts");
        return onActing(effect.from?.table ?? null, effect.epoch);
      case "resting":
        this.#turn = 0;
        log.info({ term: this.#chair.standing.term }, "HaloD does not act any more");
        this.#giveUp();
        return onResting();
    }
  }

  #onCommitted({ table, electorate }: Proposal): void {
    const { payload, to } = this.#proposed ?? {};
    this.#lookMs = this.#options.now() + ((payload?.length ?? 0) * (to?.size ?? 0)) / BYTES_PER_MS;
    this.#options.log.debug({ epoch: table.epoch, voters: electorate.voters.length }, "agreed");
    const waiting = this.#waiting;
    if (waiting?.epoch !== table.epoch) return;
    this.#waiting = null;
    waiting.done.resolve();
  }

  #send(to: string, message: Said): void {
    const link = this.#links.get(to);
    if (!link) return;
    if (message.type !== "propose") {
      link.send({ type: "control", payload: controlPayload(message) });
      return;
    }
    // A full one is asked when it drains.
    if (link.isFull) return;
    const { proposal } = message;
    if (!this.#proposed || compareVersions(this.#proposed.version, proposal) !== 0)
      this.#proposed = { version: proposal, payload: controlPayload(message), to: new Set() };
    this.#proposed.to.add(link);
    link.send({ type: "control", payload: this.#proposed.payload });
  }
}
