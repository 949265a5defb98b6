import { InFlight, type FlightLine } from "./in-flight.ts";
import { foldName } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";

/** What one sender has on its way, by channel (folded names). */
export class Flights {
  readonly #byKey = new Map<string, InFlight<Outgoing>>();
  #bytes = 0;
  /** Called whenever nothing is on its way. */
  onEmpty: (() => void) | null = null;

  get size(): number {
    return this.#byKey.size;
  }

  /** Of all that is on its way, as it was written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The channel that has had something on its way for longest. */
  get oldest(): string | undefined {
    return this.#byKey.keys().next().value;
  }

  get(key: string): InFlight<Outgoing> | undefined {
    return this.#byKey.get(key);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  add(line: FlightLine<Outgoing>): void {
    const key = foldName(line.owner.ircChannel);
    let flight = this.#byKey.get(key);
    if (flight === undefined) this.#byKey.set(key, (flight = new InFlight()));
    flight.add(line);
    this.#bytes += line.bytes;
  }

  /** A line of it is on its way no more. */
  land(line: FlightLine<Outgoing>): void {
    this.#bytes -= line.bytes;
  }

  /** Takes out the lines of a channel that the test picks. */
  remove(key: string, isPicked: (line: FlightLine<Outgoing>) => boolean): readonly FlightLine<Outgoing>[] {
    const picked = this.#byKey.get(key)?.remove(isPicked) ?? [];
    for (const line of picked) this.land(line);
    return picked;
  }

  /** Takes out the line with this label. */
  removeLabelled(label: string | undefined): FlightLine<Outgoing> | undefined {
    if (label === undefined) return undefined;
    for (const key of this.#byKey.keys()) {
      const [found] = this.remove(key, (line) => line.label === label);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Forgets a channel that has nothing on its way. */
  tidy(key: string): void {
    if (this.#byKey.get(key)?.isEmpty === true) this.#byKey.delete(key);
    if (this.#byKey.size === 0) this.onEmpty?.();
  }

  /** Takes out all of these channels. */
  take(isTaken: (key: string) => boolean): readonly FlightLine<Outgoing>[] {
    const taken: FlightLine<Outgoing>[] = [];
    for (const [key, flight] of this.#byKey) {
      if (!isTaken(key)) continue;
      this.#byKey.delete(key);
      for (const line of flight.lines) this.land(line);
      taken.push(...flight.skipped, ...flight.lines);
    }
    if (this.#byKey.size === 0) this.onEmpty?.();
    return taken;
  }

  /** What waits for longer than it may, and has not been told. */
  late(nowMs: number): readonly FlightLine<Outgoing>[] {
    const late: FlightLine<Outgoing>[] = [];
    for (const { lines } of this.#byKey.values()) {
      late.push(...lines.filter(({ owner }) => owner.deadlineMs <= nowMs && !owner.isSettled));
    }
    return late;
  }
}
