import type { Outgoing } from "./outgoing.ts";

/** What waits for a sending connection, in order, with a bound in bytes. */
export class OutgoingQueue {
  readonly #maxBytes: number;
  #waiting: Outgoing[] = [];
  #bytes = 0;
  /** Number of messages per IRC channel that are not settled: waiting, or on their way. */
  readonly #unsettled = new Map<string, number>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True from the push of a channel's message until it is settled. */
  holds(ircChannel: string): boolean {
    return this.#unsettled.has(ircChannel);
  }

  /** Takes a message, or rejects it when too much waits. */
  push(outgoing: Outgoing): void {
    if (this.#waiting.length > 0 && this.#bytes + outgoing.bytes > this.#maxBytes) {
      outgoing.reject("unavailable", "too much is waiting to be sent");
      return;
    }
    this.#waiting.push(outgoing);
    this.#bytes += outgoing.bytes;
    this.#unsettled.set(outgoing.ircChannel, (this.#unsettled.get(outgoing.ircChannel) ?? 0) + 1);
    const settle = (): void => this.#onSettled(outgoing.ircChannel);
    outgoing.settled.then(settle, settle);
  }

  /** The next message that has not failed meanwhile. */
  shift(): Outgoing | null {
    for (let outgoing = this.#waiting.shift(); outgoing !== undefined; outgoing = this.#waiting.shift()) {
      this.#bytes -= outgoing.bytes;
      if (!outgoing.isSettled) return outgoing;
    }
    return null;
  }

  /** Fails what has waited too long. */
  expire(nowMs: number): void {
    for (const outgoing of this.#waiting) {
      if (outgoing.deadlineMs <= nowMs) outgoing.reject("unavailable", "could not be sent in time");
    }
    this.#dropSettled();
  }

  #dropSettled(): void {
    if (!this.#waiting.some(({ isSettled }) => isSettled)) return;
    this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
    this.#bytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Fails what waits for these channels. */
  fail(reason: string, isFailed: (ircChannel: string) => boolean): void {
    for (const outgoing of this.#waiting) if (isFailed(outgoing.ircChannel)) outgoing.reject("unavailable", reason);
    this.#dropSettled();
  }

  #onSettled(ircChannel: string): void {
    const left = (this.#unsettled.get(ircChannel) ?? 1) - 1;
    if (left > 0) this.#unsettled.set(ircChannel, left);
    else this.#unsettled.delete(ircChannel);
  }
}
