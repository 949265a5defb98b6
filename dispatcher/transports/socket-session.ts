import type { Request } from "../../bayeux/index.ts";
import type { RequestContext } from "../../link/index.ts";
import type { Timed } from "../deadlines.ts";
import type { Downstream, DownstreamFrame } from "../downstream.ts";
import type { Numbers } from "../numbers.ts";
import { type Failure, failures, joinMessages, resumptions } from "../replies.ts";
import type { Tier } from "../tier.ts";
import type { SocketConnect } from "./socket-connect.ts";
import type { WebSocketTransport } from "./websocket-transport.ts";

/** The socket that a session connects over. */
export interface SocketSessionOwner {
  /** A connect was answered, or is held from now on. */
  onSettled(session: SocketSession): void;
  /**
   * The number is given back: the next connect of the session opens another.
   *
   * @param unsettled requests that were under way and will not be told of any more
   */
  onEnded(session: SocketSession, unsettled: number): void;
  /** Another bridge is to have this: the route is not this one's, or it has died. It is not under way any more. */
  onRefused(connect: SocketConnect): void;
}

/** A held connect. */
interface Held {
  readonly requests: readonly Request[];
  readonly reply: Buffer;
}

/**
 * One session's side of a WebSocket: its connects, and the connection number to which messages are pushed.
 *
 * The bridge answers every request frame once, in order, with `answer`, `hold` or `refused`; `release` is for what it holds.
 */
export class SocketSession implements Downstream, Timed {
  readonly outlet: WebSocketTransport;
  readonly clientId: string;
  readonly #tier: Tier;
  readonly #owner: SocketSessionOwner;
  readonly #numbers: Numbers;
  readonly #number: number;
  readonly #pending: SocketConnect[] = [];
  #held: Held | null = null;
  #isEnded = false;

  constructor(tier: Tier, owner: SocketSessionOwner, outlet: WebSocketTransport, clientId: string, numbers: Numbers) {
    this.#tier = tier;
    this.#owner = owner;
    this.outlet = outlet;
    this.clientId = clientId;
    this.#numbers = numbers;
    this.#number = numbers.open(this);
  }

  /** Hands connects to the bridge. */
  connect(connect: SocketConnect, context: RequestContext): void {
    const { route, payload, isAlone } = connect;
    this.#pending.push(connect);
    if (this.#pending.length === 1) this.#tier.deadlines.add(this);
    const isFirst = this.#pending.length === 1 && !this.#held;
    // Also while the dispatcher stops: it stays until its socket's turn comes, and would be asked for without end.
    this.#numbers.request(this.#number, { route, isSocket: true, mayHold: isAlone, context, payload });
    if (isFirst && this.outlet.isSlow) this.pause();
  }

  pause(): void {
    this.#numbers.pause(this.#number);
  }

  resume(): void {
    this.#numbers.resume(this.#number);
  }

  /** The socket is gone. */
  abandon(): void {
    if (this.#isEnded) return;
    this.#numbers.close(this.#number);
    this.#end();
  }

  /** Ends it from our side; what the bridge is sending right now still comes, and then `onEnded`. */
  recall(): void {
    if (!this.#isEnded) this.#numbers.recall(this.#number);
  }

  onFrame(frame: DownstreamFrame): void {
    if (this.#isEnded) return;
    switch (frame.type) {
      case "answer":
        return this.#onAnswer(frame.payload, frame.isFinal);
      case "hold":
        return this.#onHold(frame.payload);
      case "release":
        this.#write(joinMessages(frame.payload, this.#takeHeld()));
        if (frame.isFinal) this.#onFinal();
        return;
      case "refused":
        return this.#onRefused();
      case "freed":
        this.#write(joinMessages(this.#takeHeld(), this.#unanswered("lost")));
        this.#end();
    }
  }

  onDown(): void {
    if (this.#isEnded) return;
    if (!this.#tier.bridges.mayMove) return this.#fail("lost");
    // Another bridge can go on with the session, and no harm is done where a connect reaches both.
    const pending = [...this.#pending];
    this.#write(this.#held && resumptions(this.#held.requests));
    this.#end();
    for (const connect of pending) this.#owner.onRefused(connect);
  }

  onDeadline(): void {
    this.#numbers.close(this.#number);
    this.#fail("late");
  }

  #onAnswer(payload: Buffer, isFinal: boolean): void {
    // A bridge that lets go of a connection answers what it holds there, and says nothing where it holds nothing.
    const isOwnWill = isFinal && (this.#held !== null || payload.length === 0);
    if (isOwnWill || this.#pending.length === 0) this.#held = null;
    this.#write(payload);
    if (!isOwnWill) this.#shift();
    if (isFinal) this.#onFinal();
  }

  #onHold(reply: Buffer): void {
    // A bridge releases the older connect first; if it has not, its reply must still not be lost.
    this.#write(this.#takeHeld());
    this.#held = { requests: this.#shift()?.requests ?? [], reply };
  }

  #onRefused(): void {
    this.#write(this.#takeHeld());
    const connect = this.#shift();
    this.#onFinal();
    if (connect) this.#owner.onRefused(connect);
  }

  /** The bridge has forgotten the number; requests that crossed with that on the way will be answered on it still. */
  #onFinal(): void {
    if (this.#pending.length > 0) return;
    // Not `free`: a last word of the bridge's own will may be under way, and must not reach the number's next user.
    this.#numbers.close(this.#number);
    this.#end();
  }

  #fail(failure: Failure): void {
    if (this.#isEnded) return;
    this.#write(this.#unanswered(failure));
    this.#end();
  }

  /** @returns unsuccessful replies to all that is pending or held */
  #unanswered(failure: Failure): Buffer | null {
    const requests = [...(this.#held?.requests ?? []), ...this.#pending.flatMap((connect) => connect.requests)];
    return requests.length > 0 ? failures(requests, failure, this.#tier.random) : null;
  }

  #takeHeld(): Buffer | null {
    const reply = this.#held?.reply ?? null;
    this.#held = null;
    return reply;
  }

  /** The oldest request under way has its answer. */
  #shift(): SocketConnect | undefined {
    const connect = this.#pending.shift();
    if (!connect) return undefined;
    if (this.#pending.length > 0) this.#tier.deadlines.add(this);
    else this.#tier.deadlines.delete(this);
    this.#owner.onSettled(this);
    return connect;
  }

  #end(): void {
    this.#isEnded = true;
    this.#tier.deadlines.delete(this);
    this.#held = null;
    this.#owner.onEnded(this, this.#pending.splice(0).length);
  }

  #write(messages: Buffer | null): void {
    if (messages && messages.length > 0) this.outlet.send(messages);
  }
}
