import type { ServerResponse } from "node:http";
import type { Timed } from "../deadlines.ts";
import type { Downstream, DownstreamFrame } from "../downstream.ts";
import { refuse } from "../http/refusal.ts";
import type { Numbers } from "../numbers.ts";
import { type Failure, failures, joinMessages, replyError, resumptions } from "../replies.ts";
import type { Waiter } from "../takeovers.ts";
import type { Tier } from "../tier.ts";
import type { LongLived } from "./connection-set.ts";
import type { FirstConnect } from "./first-connect.ts";
import { atOnce, type InTurn } from "./pace.ts";
import type { StreamSettings } from "./stream-settings.ts";
import { type StreamOwner, StreamTransport } from "./stream-transport.ts";

/** A browser whose stream ended in good order, or for whom there was no bridge, comes back soon, and not all at once. */
const SOON_MS = 200;
const LATER_MS = 1_000;
/**
 * faye.js polls while its stream opens, and that poll may take the session from the stream. Nothing is pushed until the
 * stream is back, so it is to hurry, but not so that two streams of one session would race each other.
 */
const TAKEN_OVER_MS = 500;

/**
 * One stream: a session's messages as they arrive, in the answer to one HTTP request.
 *
 * To the bridge it is a socket. It is ended by a recall: what the bridge is sending right now still comes, so nothing
 * is lost, and only then the last word is written.
 */
export class StreamConnection implements Downstream, Timed, Waiter, StreamOwner, LongLived {
  readonly outlet: StreamTransport;
  readonly #tier: Tier;
  readonly #settings: StreamSettings;
  readonly #response: ServerResponse;
  readonly #connect: FirstConnect;
  /** What is told where no bridge takes it. */
  #failure: Failure = "away";
  #numbers: Numbers | null = null;
  #number = 0;
  /** A connect is under way, neither answered nor held. */
  #isPending = false;
  /** The reply of the connect that is held. */
  #held: Buffer | null = null;
  /** What the browser is told at the very end. */
  #last: Buffer | null = null;
  /** When it comes back after an end in good order. */
  #endMs = SOON_MS;
  /** It began when the dispatcher was stopping already. */
  readonly #isLate: boolean;
  #isEnding = false;
  #inTurn: InTurn = atOnce;
  #isEnded = false;
  #checkedBytes = 0;
  #checkedTaken = 0;

  constructor(tier: Tier, settings: StreamSettings, response: ServerResponse, connect: FirstConnect) {
    this.#tier = tier;
    this.#settings = settings;
    this.#response = response;
    this.#connect = connect;
    this.#isLate = tier.isDraining;
    this.outlet = new StreamTransport(settings, response, tier.config, this);
  }

  start(): void {
    if (this.#tier.bridges.takeovers.isAwaited(this.route)) this.#wait("away");
    else this.onTurn();
  }

  get route(): number {
    return this.#connect.route;
  }

  get clientId(): string {
    return this.#connect.clientId;
  }

  get bytes(): number {
    return this.#connect.payload.length;
  }

  onTurn(): void {
    if (this.#isLate && this.#isOurs) return this.#fail("stopping");
    const numbers = this.#tier.bridges.numbersOf(this.route);
    if (!numbers) return this.#wait("away");
    if (numbers.isFull) return this.#wait("busy");
    this.#numbers = numbers;
    this.#number = numbers.open(this);
    this.#request();
  }

  onOver(): void {
    this.#fail(this.#failure);
  }

  onFrame(frame: DownstreamFrame): void {
    if (this.#isEnded) return;
    switch (frame.type) {
      case "hold":
        return this.#onHold(frame.payload);
      case "answer":
        return this.#onAnswer(frame.payload, frame.isFinal);
      case "release":
        return this.#onRelease(frame.payload, frame.isFinal);
      case "refused":
        return this.#onRefused();
      case "freed":
        this.#numbers = null;
        if (!this.#isOurs) this.#last ??= this.#held ?? this.#failures("lost");
        return this.#finish();
    }
  }

  onDown(): void {
    this.#numbers = null;
    if (this.#isEnded) return;
    if (this.#isEnding || !this.#tier.bridges.mayMove) return this.#fail("lost");
    // Another bridge can go on with the session, and no harm is done where a connect reaches both.
    this.#settle();
    if (this.#isOurs || !this.#held) return this.#wait("lost");
    this.#last = resumptions(this.#connect.requests);
    this.#finish();
  }

  onDeadline(): void {
    if (!this.#isEnded) return this.#fail("late");
    this.#tier.faults.count("stream.unread", "the end of a stream was not read in time");
    this.terminate();
  }

  onSlow(): void {
    if (!this.#isEnding) this.#numbers?.pause(this.#number);
  }

  onDrained(): void {
    if (!this.#isEnding) this.#numbers?.resume(this.#number);
  }

  onOverflow(unsentBytes: number): void {
    this.#tier.faults.count("stream.overflow", "slow reader cut off", { unsentBytes });
  }

  onFull(): void {
    this.drain();
  }

  /** Sees that the stream is alive, once per interval, and shows the browser that it is. */
  check(): void {
    if (this.#isEnded || !this.outlet.isOpen) return;
    const { takenBytes, writtenBytes, isSlow } = this.outlet;
    if (isSlow && takenBytes === this.#checkedTaken) {
      this.#tier.faults.count("stream.stalled", "stream that nobody reads cut off");
      return this.terminate();
    }
    if (writtenBytes === this.#checkedBytes && !isSlow) this.outlet.beat();
    this.#checkedTaken = takenBytes;
    this.#checkedBytes = this.outlet.writtenBytes;
  }

  /** Ends it from our side; what the bridge is sending right now still comes. */
  drain(inTurn: InTurn = this.#inTurn): void {
    if (this.#isEnded) return;
    this.#inTurn = inTurn;
    this.#isEnding = true;
    if (this.#tier.bridges.takeovers.leave(this)) return this.#fail("stopping");
    // What is under way is answered first, and tells how the stream ends.
    if (!this.#isPending) this.#numbers?.recall(this.#number);
  }

  terminate(): void {
    this.#response.destroy();
  }

  /** The browser has gone, or has read the end. */
  onClose(): void {
    this.#tier.deadlines.delete(this);
    this.#tier.bridges.takeovers.leave(this);
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#numbers?.close(this.#number);
  }

  /** True where connects are made here, and their replies are nobody else's. */
  get #isOurs(): boolean {
    return this.#settings.connects === "dispatcher";
  }

  #request(): void {
    const { route, payload, context } = this.#connect;
    this.#isPending = true;
    this.#tier.deadlines.add(this);
    this.#numbers?.request(this.#number, { route, isSocket: true, mayHold: !this.#isLate, context, payload });
  }

  #settle(): void {
    this.#isPending = false;
    this.#tier.deadlines.delete(this);
  }

  #onHold(reply: Buffer): void {
    this.#settle();
    this.#tier.bridges.takeovers.taken(this);
    this.#held = reply;
    this.#open();
    if (this.#isEnding || this.#isLate) this.drain();
  }

  #onAnswer(payload: Buffer, isFinal: boolean): void {
    const wasPending = this.#isPending;
    this.#settle();
    this.#tier.bridges.takeovers.taken(this);
    this.#held = null;
    const error = this.#isOurs ? replyError(payload) : null;
    if (error !== null && !this.outlet.isOpen) return this.#refuse(error);
    if (!this.#isOurs || error !== null || !wasPending) this.#last = payload;
    if (isFinal) return this.#finish();
    if (!this.#isOurs || error !== null || this.#isEnding || this.#isLate) return this.drain();
    // The first connect of a session is answered at once; no later one is.
    this.#open();
    this.#request();
  }

  #onRelease(payload: Buffer, isFinal: boolean): void {
    const held = this.#held;
    this.#held = null;
    if (!this.#isOurs) this.#last ??= joinMessages(payload, held);
    else if (payload.length > 0) this.outlet.send(payload);
    if (isFinal) {
      // A connect of ours crossed with that on the way: it takes the session back, and is answered still.
      if (this.#isPending) return;
      this.#endMs = TAKEN_OVER_MS;
      return this.#finish();
    }
    if (this.#isOurs && !this.#isEnding && !this.#isPending) this.#request();
    else this.drain();
  }

  /** Of a stream that asks for nothing: its session is another bridge's now. */
  #onRefused(): void {
    const { bridges } = this.#tier;
    const isElsewhere = bridges.numbersOf(this.route) !== this.#numbers && !bridges.takeovers.isAwaited(this.route);
    this.#settle();
    this.#numbers?.close(this.#number);
    this.#numbers = null;
    if (isElsewhere && !this.#isEnding) this.onTurn();
    else this.#wait("refused");
  }

  #open(): void {
    if (!this.outlet.isOpen) this.outlet.open();
  }

  /** The session is not to be had this way; a browser does not try again after this. */
  #refuse(error: string): void {
    this.#end();
    refuse(this.#response, 404, error);
  }

  /** Another bridge takes over, or is about to. */
  #wait(failure: Failure): void {
    this.#failure = failure;
    if (this.#isEnding) this.#fail("stopping");
    else if (!this.#tier.bridges.takeovers.wait(this)) this.#fail(failure);
  }

  #fail(failure: Failure): void {
    if (!this.#isOurs) this.#last = this.#failures(failure);
    this.#endMs = this.retryMs;
    this.#finish();
  }

  #failures(failure: Failure): Buffer {
    return failures(this.#connect.requests, failure, this.#tier.random);
  }

  /** When the browser comes back after a break. */
  get retryMs(): number {
    return LATER_MS + Math.floor(this.#tier.random() * LATER_MS);
  }

  #finish(): void {
    this.#end();
    this.#inTurn(() => this.#close());
  }

  #close(): void {
    if (this.#response.destroyed) return;
    if (this.#last && this.#last.length > 0) this.outlet.send(this.#last);
    this.outlet.close(this.#endMs);
    // What nobody reads must not stay in our memory for ever.
    if (this.#response.writableLength > 0) this.#tier.deadlines.add(this);
  }

  /** Nothing of the bridge is wanted any more. Not `free`: a last word of its own will may be under way. */
  #end(): void {
    this.#isEnded = true;
    this.#tier.deadlines.delete(this);
    this.#numbers?.close(this.#number);
  }
}
