import type { Writable } from "node:stream";
import type { ConnectionType } from "../../bayeux/index.ts";
import type { Outlet } from "./coalescer.ts";
import type { Framing } from "./framing.ts";
import { Gathered } from "./gathered.ts";
import type { Transport } from "./transport.ts";

/** Who listens to the writing side of a connection that stays open. */
export interface PushOwner {
  /** More than `pauseBytes` wait to leave. */
  onSlow(): void;
  /** All of it has left. */
  onDrained(): void;
  /** The hard bound was reached; the connection is cut off. */
  onOverflow(unsentBytes: number): void;
}

/** Bounds on what waits to leave. */
export interface UnsentLimits {
  readonly pauseBytes: number;
  readonly maxUnsentBytes: number;
}

/** The writing side of a connection to which messages are pushed: what all of them share. */
export abstract class PushTransport implements Transport, Outlet {
  abstract readonly name: ConnectionType;
  abstract readonly framing: Framing;
  gathered: Gathered | null = null;
  isRecent = false;
  readonly #sink: Writable;
  readonly #limits: UnsentLimits;
  readonly #owner: PushOwner;
  #isSlow = false;

  constructor(sink: Writable, limits: UnsentLimits, owner: PushOwner) {
    this.#sink = sink;
    this.#limits = limits;
    this.#owner = owner;
  }

  get isSlow(): boolean {
    return this.#isSlow;
  }

  abstract close(): void;

  /** What was gathered goes first, in the same array, so that the order is kept. */
  send(messages: Buffer): boolean {
    const { gathered } = this;
    this.gathered = null;
    if (messages.length === 0) this.write(gathered?.as(this.framing) ?? this.framing.encode([]));
    else this.write((gathered ? gathered.with(new Gathered(messages)) : new Gathered(messages)).as(this.framing));
    return !this.#isSlow;
  }

  write(bytes: Buffer): void {
    if (this.isWritable && !this.#sink.write(bytes)) this.#measure();
  }

  /** Writes what was gathered, so that nothing is left behind. */
  protected flush(): void {
    const { gathered } = this;
    this.gathered = null;
    if (gathered) this.write(gathered.as(this.framing));
  }

  protected abstract get isWritable(): boolean;

  /** Ends the connection without more ado. */
  protected abstract cut(): void;

  #measure(): void {
    const unsent = this.#sink.writableLength;
    if (unsent > this.#limits.maxUnsentBytes) {
      this.cut();
      this.#owner.onOverflow(unsent);
    } else if (unsent > this.#limits.pauseBytes && !this.#isSlow) {
      this.#isSlow = true;
      this.#sink.once("drain", () => {
        this.#isSlow = false;
        this.#owner.onDrained();
      });
      this.#owner.onSlow();
    }
  }
}
