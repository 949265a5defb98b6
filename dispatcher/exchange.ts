import type { Request } from "../bayeux/index.ts";
import type { RequestContext } from "../link/index.ts";
import type { Group } from "./batch.ts";
import type { Timed } from "./deadlines.ts";
import type { Downstream, DownstreamFrame } from "./downstream.ts";
import type { Numbers } from "./numbers.ts";
import { type Failure, failures, joinMessages, resumptions } from "./replies.ts";
import type { Waiter } from "./takeovers.ts";
import type { Tier } from "./tier.ts";

/** Who waits for an exchange. */
export interface ExchangeOwner {
  /** Once, also where the bridge fails; `messages` are ready and joined by commas. */
  onAnswer(exchange: Exchange, messages: Buffer): void;
}

/** What goes to the bridge. */
interface Parcel {
  readonly route: number;
  readonly payload: Buffer;
  readonly context: RequestContext;
}

/** One group of requests on its way: from the frame to the bridge until its one answer. A held poll is one too. */
export class Exchange implements Downstream, Timed, Waiter {
  readonly outlet = null;
  readonly clientId: string | null;
  readonly #tier: Tier;
  readonly #owner: ExchangeOwner;
  readonly #requests: readonly Request[];
  readonly #mayHold: boolean;
  /** Kept until the bridge has taken it: a bridge that refuses it has done nothing, and another may take it. */
  #parcel: Parcel | null = null;
  /** What is told where nobody does. */
  #failure: Failure = "away";
  #numbers: Numbers | null = null;
  #number = 0;
  /** The reply of a held connect. */
  #held: Buffer | null = null;
  #isDone = false;

  constructor(tier: Tier, owner: ExchangeOwner, { requests, clientId }: Group, mayHold: boolean) {
    this.clientId = clientId;
    this.#tier = tier;
    this.#owner = owner;
    this.#requests = requests;
    this.#mayHold = mayHold && !tier.isDraining;
  }

  /** Hands the group to the bridge of its route; where that cannot be, the answer says so. */
  start(route: number, payload: Buffer, context: RequestContext): void {
    this.#parcel = { route, payload, context };
    if (this.#tier.bridges.takeovers.isAwaited(route)) this.#wait("away");
    else this.onTurn();
  }

  get route(): number {
    return this.#parcel?.route ?? 0;
  }

  get bytes(): number {
    return this.#parcel?.payload.length ?? 0;
  }

  onTurn(): void {
    if (!this.#parcel) return;
    const numbers = this.#tier.bridges.numbersOf(this.#parcel.route);
    if (!numbers) return this.#wait("away");
    if (numbers.isFull) return this.#wait("busy");
    this.#numbers = numbers;
    this.#number = numbers.open(this);
    this.#tier.deadlines.add(this);
    numbers.request(this.#number, { ...this.#parcel, isSocket: false, mayHold: this.#mayHold });
  }

  onOver(): void {
    this.#fail(this.#failure);
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    if (this.#isDone) return;
    this.#settle();
    this.#numbers?.close(this.#number);
  }

  /** Ends a held poll from our side, without losing what the bridge may be sending to it right now. */
  recall(): void {
    if (!this.#isDone && this.#held) this.#numbers?.recall(this.#number);
  }

  onFrame(frame: DownstreamFrame): void {
    if (this.#isDone) return;
    switch (frame.type) {
      case "hold":
        if (!this.#mayHold) return this.#finish(frame.payload, false);
        this.#held = frame.payload;
        this.#parcel = null;
        this.#tier.deadlines.delete(this);
        if (this.#tier.isDraining) this.recall();
        return;
      case "answer":
        return this.#finish(frame.payload, frame.isFinal);
      case "release":
        return this.#finish(joinMessages(frame.payload, this.#held), frame.isFinal);
      case "refused":
        this.#numbers?.free(this.#number);
        this.#numbers = null;
        this.#tier.deadlines.delete(this);
        return this.#wait("refused");
      case "freed":
        this.#settle();
        this.#owner.onAnswer(this, this.#held ?? failures(this.#requests, "lost", this.#tier.random));
    }
  }

  onDown(): void {
    if (this.#isDone) return;
    if (!this.#mayResume) return this.#fail("lost");
    this.#numbers = null;
    this.#tier.deadlines.delete(this);
    if (!this.#held) return this.#wait("lost");
    this.#settle();
    this.#owner.onAnswer(this, resumptions(this.#requests));
  }

  onDeadline(): void {
    this.#numbers?.close(this.#number);
    this.#fail("late");
  }

  /** Another bridge can go on with the session, and no harm is done where a connect reaches both. */
  get #mayResume(): boolean {
    return this.#tier.bridges.mayMove && this.#requests.every(({ type }) => type === "connect");
  }

  /** Another bridge takes over, or is about to. */
  #wait(failure: Failure): void {
    this.#failure = failure;
    if (!this.#tier.bridges.takeovers.wait(this)) this.#fail(failure);
  }

  #finish(messages: Buffer, isFinal: boolean): void {
    if (isFinal) this.#numbers?.free(this.#number);
    else this.#numbers?.close(this.#number);
    this.#settle();
    this.#owner.onAnswer(this, messages);
  }

  #fail(failure: Failure): void {
    this.#settle();
    this.#owner.onAnswer(this, failures(this.#requests, failure, this.#tier.random));
  }

  #settle(): void {
    this.#isDone = true;
    this.#tier.deadlines.delete(this);
    this.#tier.bridges.takeovers.leave(this);
    this.#parcel = null;
  }
}
