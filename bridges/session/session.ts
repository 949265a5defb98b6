import { shortClientId } from "../../bayeux/index.ts";
import type { MessageId } from "../../bayeux/index.ts";
import type { RequestContext } from "../../link/index.ts";
import type { Allowance } from "./allowance.ts";
import type { Downlink } from "./downlink.ts";
import type { Due } from "./deadlines.ts";
import type { LogEntry } from "../log/log.ts";

/** A connect that waits at a dispatcher, with its reply. */
export interface HeldConnect {
  readonly downlink: Downlink<Session>;
  readonly connection: number;
  readonly isSocket: boolean;
  readonly id: MessageId | undefined;
  /** Called once, when it is held no more. */
  readonly onGone?: (() => void) | undefined;
}

/** A session's side of a WebSocket or stream: messages may be pushed to it at any time. */
export interface Socket {
  readonly downlink: Downlink<Session>;
  readonly connection: number;
  /** Faye's eventsource: its browser sends connects beside it, over HTTP. */
  readonly isEventSource: boolean;
}

/** What a session was granted at its handshake. */
export interface SessionTraits {
  readonly clientId: string;
  /** What others see instead of the clientId, e.g. in presence. */
  readonly publicId: string;
  /** The name that the browser declared, or null. */
  readonly name: string | null;
  /** The ack extension was asked for and granted. */
  readonly isAck: boolean;
  /** What the handshake's own request carried. */
  readonly context: RequestContext;
  /** How many messages it may send. */
  readonly allowance: Allowance;
}

/** What changes while a session lives, but for what it is subscribed to and where it can be reached. */
export interface SessionState {
  readonly hasConnected: boolean;
  readonly batch: number;
  readonly lastAck: number;
  readonly lastConnectId: MessageId | undefined;
  readonly restarts: number;
  readonly isRestarting: boolean;
  readonly isBehind: boolean;
  readonly dropped: number;
  readonly conflated: number;
  /** What left with a batch that is not confirmed yet. */
  readonly unacknowledged: readonly LogEntry[];
  /** What waits, oldest first. */
  readonly queue: readonly LogEntry[];
}

/** Messages and bytes that may wait. */
export interface QueueLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
}

/** No session has as many batches. */
export const FIRST_RESTART_TOKEN = 2 ** 50;

/**
 * One browser page: what it is subscribed to, what waits for it, and where it can be reached now.
 *
 * It only keeps state and its invariants. Who sends what when is decided in `connects.ts` and `delivery.ts`.
 */
export class Session implements Due {
  readonly clientId: string;
  readonly publicId: string;
  readonly name: string | null;
  readonly isAck: boolean;
  readonly context: RequestContext;
  readonly allowance: Allowance;
  /** For logs. */
  readonly label: string;
  /** Names of the channels that it is subscribed to. */
  readonly subscriptions = new Set<string>();
  /** The WebSocket that it is attached to, if any. */
  socket: Socket | null = null;
  /** The dispatcher asked us to stop sending to the socket. */
  isPaused = false;
  /** A connect was answered since the handshake. */
  hasConnected = false;
  hasEnded = false;
  /** It was made from a ticket, and its browser has said nothing yet: the ticket may be an old one. */
  isRebuilt = false;
  /** Ends when the subscription changes under way are done; later requests of the session wait for it. */
  barrier: Promise<unknown> | null = null;
  /** It fell behind since nothing waited for it, and that was told. */
  isBehind = false;
  /** Messages that it did not get because it was slow. */
  dropped = 0;
  conflated = 0;
  dueTick = 0;
  /** Number of the newest batch. A held connect's reply has its number already. */
  batch = 0;
  /** The newest connect that was taken, to recognise one that is late. */
  lastAck = 0;
  lastConnectId: MessageId | undefined;
  /** The newest statement was `restartToken`, and no batch has been confirmed since. */
  isRestarting = false;
  #restarts = 0;
  #held: HeldConnect | null = null;
  #queue: LogEntry[] = [];
  #queuedBytes = 0;
  #unacknowledged: LogEntry[] = [];

  constructor(traits: SessionTraits) {
    this.clientId = traits.clientId;
    this.publicId = traits.publicId;
    this.name = traits.name;
    this.isAck = traits.isAck;
    this.context = traits.context;
    this.allowance = traits.allowance;
    this.label = shortClientId(traits.clientId);
  }

  /**
   * What a page that was loaded again is told to say in place of a batch: it shows that somebody reads the answers.
   * Another one for each time, so that a late connect that says it is known.
   */
  get restartToken(): number {
    return FIRST_RESTART_TOKEN + this.#restarts;
  }

  /** The connect that is held for it, if any. */
  get held(): HeldConnect | null {
    return this.#held;
  }

  set held(held: HeldConnect | null) {
    const former = this.#held;
    this.#held = held;
    former?.onGone?.();
  }

  /** What another bridge needs to go on with it. */
  get state(): SessionState {
    const { hasConnected, batch, lastAck, lastConnectId, isRestarting, isBehind, dropped, conflated } = this;
    const waiting = { unacknowledged: this.#unacknowledged, queue: this.#queue };
    const counters = { batch, lastAck, lastConnectId, restarts: this.#restarts, isRestarting };
    return { hasConnected, ...counters, isBehind, dropped, conflated, ...waiting };
  }

  /** Goes on where a session of the same clientId was at another bridge; for one that has just begun here. */
  resume(state: SessionState): void {
    this.hasConnected = state.hasConnected;
    this.batch = state.batch;
    this.lastAck = state.lastAck;
    this.lastConnectId = state.lastConnectId;
    this.#restarts = state.restarts;
    this.isRestarting = state.isRestarting;
    this.isBehind = state.isBehind;
    this.dropped = state.dropped;
    this.conflated = state.conflated;
    this.#unacknowledged = [...state.unacknowledged];
    this.requeue([...state.queue]);
  }

  /** What left with a batch that is not confirmed yet. */
  get unacknowledged(): readonly LogEntry[] {
    return this.#unacknowledged;
  }

  /** What waits, oldest first. */
  get queue(): readonly LogEntry[] {
    return this.#queue;
  }

  /** True while a message can be written to its socket at once, with nothing before it. */
  get isDirect(): boolean {
    const { socket } = this;
    return !this.isAck && socket !== null && !this.isPaused && !socket.downlink.isBlocked && this.#queue.length === 0;
  }

  /** Lets a message wait. @returns false when the bound is passed; the message is queued all the same */
  push(entry: LogEntry, limits: QueueLimits): boolean {
    this.#queue.push(entry);
    this.#queuedBytes += entry.bytes.length;
    return this.isWithin(limits);
  }

  /** False when more waits than may. */
  isWithin(limits: QueueLimits): boolean {
    const room = this.room(limits);
    return room.maxQueuedMessages >= 0 && room.maxQueuedBytes >= 0;
  }

  /** Other entries wait in place of those that do now. A batch that is on its way stays as it is. */
  requeue(entries: readonly LogEntry[]): void {
    if (entries === this.#queue) return;
    this.#queue = [...entries];
    this.#queuedBytes = bytesOf(entries);
  }

  /** How much more may wait; below 0 where a bound is passed. */
  room({ maxQueuedMessages, maxQueuedBytes }: QueueLimits): QueueLimits {
    return {
      maxQueuedMessages: maxQueuedMessages - this.#queue.length - this.#unacknowledged.length,
      maxQueuedBytes: maxQueuedBytes - this.#queuedBytes,
    };
  }

  /** Takes the oldest messages, as many as fit. At least one, so that a large message cannot get stuck. */
  take(maxBytes: number, maxMessages = Number.POSITIVE_INFINITY): readonly LogEntry[] {
    let bytes = 0;
    let taken = 0;
    for (const entry of this.#queue) {
      if (taken > 0 && (taken >= maxMessages || bytes + entry.bytes.length > maxBytes)) break;
      bytes += entry.bytes.length;
      taken += 1;
    }
    const entries = taken === this.#queue.length ? this.#queue : this.#queue.slice(0, taken);
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken);
    this.#queuedBytes -= bytes;
    if (this.#queue.length === 0) this.isBehind = false;
    // Rule 37: what left with a numbered batch is kept until that number comes back.
    if (this.isAck) this.#unacknowledged = [...this.#unacknowledged, ...entries];
    return entries;
  }

  /**
   * Takes the client's statement of the last batch that it has.
   *
   * What it does not confirm goes to the front of the queue again: the batch was lost on its way.
   */
  acknowledge(ack: number): void {
    const isRestart = ack === this.restartToken;
    if (this.isRestarting && !isRestart) this.#restarts += 1;
    this.isRestarting = isRestart;
    // A client cannot have more than it was sent; a made-up number must not lock it out.
    if (!isRestart) this.lastAck = Math.min(ack, this.batch);
    if ((isRestart || ack < this.batch) && this.#unacknowledged.length > 0) {
      this.#queue = [...this.#unacknowledged, ...this.#queue];
      this.#queuedBytes += bytesOf(this.#unacknowledged);
    }
    this.#unacknowledged = [];
  }
}

function bytesOf(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
}
