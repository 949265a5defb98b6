import type { Link, RequestContext } from "../link/index.ts";
import type { Downstream } from "./downstream.ts";
import type { Outlet } from "./transports/coalescer.ts";

/** What a request frame says beside its number. */
export interface Outgoing {
  readonly route: number;
  readonly isSocket: boolean;
  readonly mayHold: boolean;
  readonly context: RequestContext;
  readonly payload: Buffer;
}

/** Hears what is said of sessions, so that another bridge can go on with them. */
export interface Witness {
  /** A request of this session goes to its bridge. */
  asked(clientId: string): void;
  /** The session's connection was written all its messages up to this one, and gets no more. */
  wrote(clientId: string, seq: number): void;
}

/** Stands in for a browser that has gone, until the bridge has let go of its number. */
const GONE: Downstream = { clientId: null, outlet: null, onFrame() {}, onDown() {} };

/**
 * The connection numbers of one link instance, and what the dispatcher says about them.
 *
 * A number is open, or closing (`closed` was sent), or free. A closing one is free again at `freed` and not before:
 * until then frames for it may be under way, and a late frame must never reach another user.
 */
export class Numbers {
  readonly #link: Link;
  /** Numbers begin at 1. */
  readonly #slots: (Downstream | undefined)[] = [undefined];
  readonly #free: number[] = [];
  readonly #closing = new Set<number>();
  readonly #witness: Witness | null;
  /** The newest message that was written to each; 0 = none. */
  readonly #written: number[] = [0];
  #isDown = false;

  /** @param witness null where nobody can take over */
  constructor(link: Link, witness: Witness | null = null) {
    this.#link = link;
    this.#witness = witness;
  }

  /** True while nothing should be sent that can be refused instead. */
  get isFull(): boolean {
    return this.#link.isFull;
  }

  /** How many numbers are open or closing. */
  get size(): number {
    return this.#isDown ? 0 : this.#slots.length - 1 - this.#free.length;
  }

  open(downstream: Downstream): number {
    const number = this.#free.pop() ?? this.#slots.length;
    this.#slots[number] = downstream;
    this.#written[number] = 0;
    return number;
  }

  /** @returns who stands behind a number; undefined where it was not given out */
  at(number: number): Downstream | undefined {
    return this.#slots[number];
  }

  /** @returns where deliveries for a number are written; null for one that takes none, undefined for a free one */
  outletOf(number: number): Outlet | null | undefined {
    return this.#slots[number]?.outlet;
  }

  /** Messages up to this one go to these numbers. On the hot path, so it only notes it. */
  wrote(numbers: Uint32Array, seq: number): void {
    if (!this.#witness) return;
    const written = this.#written;
    for (const number of numbers) if (seq > (written[number] ?? 0)) written[number] = seq;
  }

  request(number: number, { route, isSocket, mayHold, context, payload }: Outgoing): void {
    const clientId = this.#slots[number]?.clientId;
    if (this.#witness && clientId) this.#witness.asked(clientId);
    this.#send({ type: "request", connection: number, route, isSocket, mayHold, context, payload });
  }

  /** A message for named users; its answer comes to who stands behind the number. */
  dispatch(number: number, payload: Buffer): void {
    this.#send({ type: "dispatch", connection: number, payload });
  }

  pause(number: number): void {
    this.#send({ type: "pause", connection: number });
  }

  resume(number: number): void {
    this.#send({ type: "resume", connection: number });
  }

  /** The bridge has forgotten the connection by a final answer, and no request of it is under way. */
  free(number: number): void {
    if (this.#closing.has(number)) this.#slots[number] = GONE;
    else this.#release(number);
  }

  /** The browser's side is gone: whatever still comes is dropped. */
  close(number: number): void {
    this.recall(number);
    if (this.#isDown) return;
    this.#tell(number);
    this.#slots[number] = GONE;
  }

  /** Ends those of some sessions as if the link were gone: their route is another bridge's now. */
  drop(isIt: (clientId: string) => boolean): void {
    for (const [number, downstream] of this.#slots.entries()) {
      if (!downstream?.clientId || !isIt(downstream.clientId)) continue;
      this.close(number);
      downstream.onDown();
    }
  }

  /** Ends the connection from our side: what still comes is handed on, and then `freed`. */
  recall(number: number): void {
    if (this.#isDown || this.#closing.has(number)) return;
    this.#closing.add(number);
    this.#send({ type: "closed", connection: number });
  }

  /** @returns who was recalled; undefined where the number was not closing, a fault of the bridge */
  freed(number: number): Downstream | undefined {
    if (!this.#closing.delete(number)) return undefined;
    const downstream = this.#slots[number];
    this.#release(number);
    return downstream;
  }

  /** The link is gone: tells everybody, and is silent from then on. */
  down(): void {
    for (const number of this.#slots.keys()) this.#tell(number);
    this.#isDown = true;
    const slots = this.#slots.splice(0);
    this.#free.length = 0;
    this.#closing.clear();
    for (const downstream of slots) downstream?.onDown();
  }

  #release(number: number): void {
    if (this.#isDown || this.#slots[number] === undefined) return;
    this.#tell(number);
    this.#slots[number] = undefined;
    this.#free.push(number);
  }

  #tell(number: number): void {
    const seq = this.#written[number] ?? 0;
    const clientId = this.#slots[number]?.clientId;
    if (seq > 0 && clientId) this.#witness?.wrote(clientId, seq);
    this.#written[number] = 0;
  }

  #send(frame: Parameters<Link["send"]>[0]): void {
    if (!this.#isDown) this.#link.send(frame);
  }
}
