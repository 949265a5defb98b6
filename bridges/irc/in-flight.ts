import type { Line } from "./line.ts";

/** A sent line whose echo has not been seen; `owner` is whatever it belongs to. */
export interface FlightLine<Owner> extends Line {
  readonly owner: Owner;
  readonly bytes: number;
  /** Sent a second time, after the sender joined the channel. */
  isResent: boolean;
}

/** What an echo tells of the lines in flight. */
export interface Echoed<Owner> {
  /** Sent before the echoed one, and not seen: the server did not take them. */
  readonly skipped: readonly FlightLine<Owner>[];
  readonly echoed: FlightLine<Owner> | null;
}

/**
 * The lines of one sender in one channel that have not come back, oldest first. Servers keep the order of one sender
 * in one channel, so an echo settles everything before it.
 */
export class InFlight<Owner> {
  #lines: FlightLine<Owner>[] = [];
  /** The server's words for refusals that no line has been found for yet. */
  readonly refusals: string[] = [];
  /** Lines that the server did not take, and that wait for its words. */
  skipped: FlightLine<Owner>[] = [];

  get lines(): readonly FlightLine<Owner>[] {
    return this.#lines;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.skipped.length === 0;
  }

  add(line: FlightLine<Owner>): void {
    this.#lines.push(line);
  }

  /** Settles the oldest equal line; a line that equals none is the oldest one, changed by the server. */
  echo(line: Line): Echoed<Owner> {
    const first = this.#lines[0];
    if (first?.text === line.text && first.tag === line.tag) {
      this.#lines.shift();
      return { skipped: [], echoed: first };
    }
    const found = this.#lines.findIndex((sent) => sent.text === line.text && sent.tag === line.tag);
    const settled = this.#lines.splice(0, Math.max(found, 0) + 1);
    const echoed = settled.pop() ?? null;
    return { skipped: settled, echoed };
  }

  shift(): FlightLine<Owner> | undefined {
    return this.#lines.shift();
  }

  /** Takes out the lines that the test picks. */
  remove(isPicked: (line: FlightLine<Owner>) => boolean): readonly FlightLine<Owner>[] {
    const picked = this.#lines.filter(isPicked);
    this.#lines = this.#lines.filter((line) => !picked.includes(line));
    return picked;
  }
}
