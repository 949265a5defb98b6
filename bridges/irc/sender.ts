import type { Line } from "./line.ts";
import type { Connection, ConnectionOwner, IrcLine } from "./connection.ts";
import type { IrcConfig } from "./config.ts";
import type { Ending } from "./endings.ts";
import { InFlight, type FlightLine } from "./in-flight.ts";
import { foldName } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";
import { OutgoingQueue } from "./outgoing-queue.ts";
import { isAnswered } from "./pings.ts";
import { encodePayload } from "./payload.ts";
import { lineLimits, privmsg } from "./privmsg.ts";
import { isRefusal, refusedChannel, words } from "./replies.ts";
import { SenderMembership } from "./sender-membership.ts";

/** How long a lost connection's lines may still come back to the receiving one. */
const LATE_ECHO_MS = 2_000;

/** What a sender needs of the network around it. */
export interface SenderParts {
  readonly config: IrcConfig;
  readonly connect: (owner: ConnectionOwner) => Connection;
  /** Resolves when the channel's receiving connection has seen everything that the server has handled by now. */
  readonly barrier: (ircChannel: string) => Promise<void>;
  /** The key (mode +k) of a channel, where it has one. */
  readonly keyOf: (channel: string) => string | undefined;
  readonly onRegistered: () => void;
  readonly onDown: (connection: Connection, ending: Ending) => void;
  /** Lines that are about something else than sending. @returns true when it was one */
  readonly onLine: (connection: Connection, line: IrcLine) => boolean;
  /** The server did not take a message. */
  readonly onRefused: (outgoing: Outgoing, reason: string) => void;
  readonly nextChunkId: () => string;
}

/** One sending connection: what waits for it, and what it has sent that has not come back. */
export class Sender implements ConnectionOwner {
  readonly connection: Connection;
  readonly #parts: SenderParts;
  readonly #queue: OutgoingQueue;
  readonly #flights = new Map<string, InFlight<Outgoing>>();
  /** The channels that it is in. */
  readonly membership: SenderMembership;
  #current: { readonly outgoing: Outgoing; readonly lines: readonly Line[]; next: number } | null = null;
  #bytesInFlight = 0;
  #onEmpty: (() => void) | null = null;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#queue = new OutgoingQueue(parts.config.maxQueuedBytes);
    this.connection = parts.connect(this);
    this.membership = new SenderMembership(this.connection, parts.barrier, {
      onJoined: (key) => this.#resend(key),
      onRefused: (key, reason) => this.#refuseAll(key, reason),
    });
  }

  /** True while lines to this channel wait or are on their way: the channel must stay on this sender. */
  holds(ircChannel: string): boolean {
    return this.#queue.holds(ircChannel);
  }

  /** Takes a message for sending, or rejects it when too much waits. */
  push(outgoing: Outgoing): void {
    this.#queue.push(outgoing);
    this.#pump();
  }

  /** The receiving connection has seen a line of ours (and has told the inbox). */
  onEcho(ircChannel: string, line: Line): void {
    const key = foldName(ircChannel);
    const flight = this.#flights.get(key);
    if (flight === undefined) return;
    const { skipped, echoed } = flight.echo(line);
    if (skipped.length > 0) void this.#refuseSkipped(key, flight, skipped);
    if (echoed !== null) {
      this.#land(echoed);
      echoed.owner.linesLeft -= 1;
      if (echoed.owner.linesLeft === 0) echoed.owner.resolve();
    }
    this.#tidy(key);
    this.#pump();
  }

  /** A receiving connection is lost: nothing that is on its way to its channels can be confirmed any more. */
  onReceiverLost(reason: string, isItsChannel: (ircChannel: string) => boolean): void {
    const why = `sent, but not confirmed: ${reason}`;
    for (const { owner } of this.#takeFlights(isItsChannel)) owner.reject("unknown", why);
    if (this.#current !== null && isItsChannel(this.#current.outgoing.ircChannel)) this.#dropCurrent(reason);
    this.#queue.fail(reason, isItsChannel);
    this.#pump();
  }

  /** Leaves a channel that it had to join for sending. */
  leave(ircChannel: string): void {
    this.membership.leave(ircChannel);
  }

  /** Fails what waits too long. */
  sweep(nowMs: number): void {
    this.#queue.expire(nowMs);
    const late: FlightLine<Outgoing>[] = [];
    for (const { lines } of this.#flights.values()) {
      late.push(...lines.filter(({ owner }) => owner.deadlineMs <= nowMs && !owner.isSettled));
    }
    for (const { owner } of late) owner.reject("unknown", "sent, but not confirmed in time");
    const current = this.#current?.outgoing;
    if (current !== undefined && current.deadlineMs <= nowMs) this.#dropCurrent("not sent in time");
    this.membership.sweep(nowMs, this.#parts.config.joinTimeoutMs);
    if (late.length > 0) void this.#forgetAfterBarrier(new Set(late));
    this.#pump();
  }

  onRegistered(): void {
    this.#parts.onRegistered();
    this.#pump();
  }

  onLine(connection: Connection, line: IrcLine): void {
    if (this.#parts.onLine(connection, line)) return;
    if (this.membership.onLine(line) || !isRefusal(line)) return;
    const named = refusedChannel(line, (name) => this.#flights.has(foldName(name)));
    // Some refusals name no channel ("no text to send"): they mean the oldest line.
    const key = named === null ? this.#flights.keys().next().value : foldName(named);
    const flight = key === undefined ? undefined : this.#flights.get(key);
    if (key === undefined || flight === undefined) return;
    const skipped = flight.skipped.shift();
    if (skipped !== undefined) return this.#refuse(skipped, words(line));
    const isFirstTry = flight.lines[0]?.isResent === false;
    if (line.command === "404" && named !== null && isFirstTry) {
      const channelKey = this.#parts.keyOf(flight.lines[0]?.owner.channel ?? "");
      if (this.membership.join(named, words(line), channelKey)) return;
    }
    flight.refusals.push(words(line));
    void this.#refuseAfterBarrier(key);
  }

  async onDown(connection: Connection, ending: Ending): Promise<void> {
    const { reason } = ending;
    this.membership.clear();
    this.#parts.onDown(connection, ending);
    this.#dropCurrent(reason);
    if (this.#flights.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LATE_ECHO_MS).unref();
        this.#onEmpty = () => (clearTimeout(timer), resolve());
      });
      this.#onEmpty = null;
    }
    for (const line of this.#takeFlights(() => true))
      line.owner.reject("unknown", `sent, but not confirmed: ${reason}`);
  }

  #pump(): void {
    while (this.connection.isRegistered && !this.membership.isJoining) {
      this.#current ??= this.#takeNext();
      if (this.#current === null) return;
      const { outgoing, lines, next } = this.#current;
      const line = lines[next];
      if (line === undefined) {
        this.#current = null;
        continue;
      }
      const wire = privmsg(outgoing.ircChannel, line);
      const bytes = Buffer.byteLength(wire) + 2;
      if (this.#bytesInFlight > 0 && this.#bytesInFlight + bytes > this.#parts.config.maxInFlightBytes) return;
      this.#current.next += 1;
      this.#write(wire, { ...line, owner: outgoing, bytes, isResent: false });
    }
  }

  #takeNext(): { outgoing: Outgoing; lines: readonly Line[]; next: number } | null {
    for (let outgoing = this.#queue.shift(); outgoing !== null; outgoing = this.#queue.shift()) {
      const { data, from } = outgoing.publication;
      const limits = lineLimits(this.connection, outgoing.ircChannel);
      const lines = encodePayload(data, from, limits, this.#parts.nextChunkId());
      if (lines === null) {
        outgoing.reject("refused", "the message is too long for this network");
        continue;
      }
      outgoing.linesLeft = lines.length;
      return { outgoing, lines, next: 0 };
    }
    return null;
  }

  #write(wire: string, line: FlightLine<Outgoing>): void {
    const key = foldName(line.owner.ircChannel);
    let flight = this.#flights.get(key);
    if (flight === undefined) this.#flights.set(key, (flight = new InFlight()));
    line.owner.isSent = true;
    flight.add(line);
    this.#bytesInFlight += line.bytes;
    this.connection.send(wire);
  }

  /** Sends again, in order, what a channel refused from outside; only once. */
  #resend(key: string): void {
    const flight = this.#flights.get(key);
    for (const line of flight?.remove(() => true) ?? []) {
      this.#land(line);
      if (line.owner.isSettled) continue;
      this.#write(privmsg(line.owner.ircChannel, line), { ...line, isResent: true });
    }
    this.#tidy(key);
    this.#pump();
  }

  #refuseAll(key: string, reason: string): void {
    for (const line of this.#flights.get(key)?.remove(() => true) ?? []) {
      this.#land(line);
      this.#refuse(line, reason);
    }
    this.#tidy(key);
    this.#pump();
  }

  #refuse(line: FlightLine<Outgoing>, reason: string): void {
    this.#reject(line, reason);
    if (this.#current?.outgoing === line.owner) this.#current = null;
  }

  #reject({ owner }: FlightLine<Outgoing>, reason: string): void {
    if (!owner.isSettled) this.#parts.onRefused(owner, reason);
    owner.reject("refused", reason);
  }

  /** A later line came back before these; why may still be on its way to us, on the sending connection. */
  async #refuseSkipped(
    key: string,
    flight: InFlight<Outgoing>,
    skipped: readonly FlightLine<Outgoing>[],
  ): Promise<void> {
    for (const line of skipped) {
      this.#land(line);
      const reason = flight.refusals.shift();
      if (reason === undefined) flight.skipped.push(line);
      else this.#reject(line, reason);
    }
    await isAnswered(this.connection.ping());
    for (const line of skipped) this.#reject(line, "the server dropped it");
    flight.skipped = flight.skipped.filter((line) => !skipped.includes(line));
    this.#tidy(key);
  }

  /** What the server let pass before the refusal has come back now, so the oldest line is the refused one. */
  async #refuseAfterBarrier(key: string): Promise<void> {
    if (!(await isAnswered(this.#parts.barrier(key)))) return;
    const flight = this.#flights.get(key);
    const reason = flight?.refusals.shift();
    const line = reason === undefined ? undefined : flight?.shift();
    if (line !== undefined && reason !== undefined) {
      this.#land(line);
      this.#refuse(line, reason);
    }
    this.#tidy(key);
    this.#pump();
  }

  /** Late lines keep their place until it is certain that they never come: else their echo would settle others. */
  async #forgetAfterBarrier(late: ReadonlySet<FlightLine<Outgoing>>): Promise<void> {
    if (!(await isAnswered(this.connection.ping()))) return;
    const keys = new Set([...late].map(({ owner }) => foldName(owner.ircChannel)));
    await Promise.all([...keys].map((key) => this.#forgetLate(key, late)));
    this.#pump();
  }

  async #forgetLate(key: string, late: ReadonlySet<FlightLine<Outgoing>>): Promise<void> {
    if (!(await isAnswered(this.#parts.barrier(key)))) return;
    for (const line of this.#flights.get(key)?.remove((candidate) => late.has(candidate)) ?? []) this.#land(line);
    this.#tidy(key);
  }

  #land(line: FlightLine<Outgoing>): void {
    this.#bytesInFlight -= line.bytes;
  }

  #tidy(key: string): void {
    if (this.#flights.get(key)?.isEmpty === true) this.#flights.delete(key);
    if (this.#flights.size === 0) this.#onEmpty?.();
  }

  #dropCurrent(reason: string): void {
    const current = this.#current;
    this.#current = null;
    current?.outgoing.reject(current.outgoing.isSent ? "unknown" : "unavailable", reason);
  }

  #takeFlights(isTaken: (key: string) => boolean): readonly FlightLine<Outgoing>[] {
    const taken: FlightLine<Outgoing>[] = [];
    for (const [key, flight] of this.#flights) {
      if (!isTaken(key)) continue;
      this.#flights.delete(key);
      for (const line of flight.lines) this.#land(line);
      taken.push(...flight.skipped, ...flight.lines);
    }
    if (this.#flights.size === 0) this.#onEmpty?.();
    return taken;
  }
}
