import type { Connection, ConnectionOwner } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import type { Line } from "./line.ts";
import type { IrcConfig } from "./config.ts";
import type { Ending } from "./endings.ts";
import { Flights } from "./flights.ts";
import type { FlightLine, InFlight } from "./in-flight.ts";
import { foldName } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";
import { OutgoingQueue } from "./outgoing-queue.ts";
import { isAnswered } from "./pings.ts";
import { bytesOf, privmsg } from "./privmsg.ts";
import { Relay } from "./relay.ts";
import { isRefusal, refusedChannel, words } from "./replies.ts";
import { SenderMembership } from "./sender-membership.ts";
import { wordingOf } from "./wording.ts";

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
  /** The server does not let us speak in browsers' names. */
  readonly onNoRelay: (reason: string) => void;
}

/** One sending connection: what waits for it, and what it has sent that has not come back. */
export class Sender implements ConnectionOwner {
  readonly connection: Connection;
  readonly #parts: SenderParts;
  readonly #queue: OutgoingQueue;
  readonly #flights = new Flights();
  /** The channels that it is in. */
  readonly membership: SenderMembership;
  readonly #relay: Relay;
  #current: { readonly outgoing: Outgoing; readonly lines: readonly Line[]; next: number } | null = null;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#queue = new OutgoingQueue(parts.config.maxQueuedBytes);
    this.connection = parts.connect(this);
    this.#relay = new Relay(parts.config, this.connection);
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
    if (key === this.#relay.trial) this.#relay.onAccepted();
    if (echoed !== null) {
      this.#flights.land(echoed);
      echoed.owner.linesLeft -= 1;
      if (echoed.owner.linesLeft === 0) echoed.owner.resolve();
    }
    this.#flights.tidy(key);
    this.#pump();
  }

  /** A receiving connection is lost: nothing that is on its way to its channels can be confirmed any more. */
  onReceiverLost(reason: string, isItsChannel: (ircChannel: string) => boolean): void {
    const why = `sent, but not confirmed: ${reason}`;
    for (const { owner } of this.#flights.take(isItsChannel)) owner.reject("unknown", why);
    if (this.#current !== null && isItsChannel(this.#current.outgoing.ircChannel)) this.#dropCurrent(reason);
    this.#queue.fail(reason, isItsChannel);
    this.#pump();
  }

  /** Leaves a channel that it had to join for sending. */
  leave(ircChannel: string): void {
    this.membership.leave(ircChannel);
    this.#relay.leave(ircChannel);
  }

  /** Fails what waits too long. */
  sweep(nowMs: number): void {
    this.#queue.expire(nowMs);
    const late = this.#flights.late(nowMs);
    for (const { owner } of late) owner.reject("unknown", "sent, but not confirmed in time");
    if (this.#current !== null && this.#current.outgoing.deadlineMs <= nowMs) this.#dropCurrent("not sent in time");
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
    if (this.#relay.denies(line)) {
      this.#parts.onNoRelay(words(line));
      if (this.#relay.trial !== null) return this.#speakPlainly(this.#relay.trial);
    }
    const labelled = line.command === "FAIL" ? this.#flights.removeLabelled(line.tags["label"]) : undefined;
    if (labelled !== undefined) {
      this.#refuse(labelled, words(line));
      this.#flights.tidy(foldName(labelled.owner.ircChannel));
      return this.#pump();
    }
    const named = refusedChannel(line, (name) => this.#flights.has(foldName(name)));
    // Some refusals name no channel ("no text to send"): they mean the oldest line.
    const key = named === null ? this.#flights.oldest : foldName(named);
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
    this.#relay.clear();
    this.#parts.onDown(connection, ending);
    this.#dropCurrent(reason);
    if (this.#flights.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LATE_ECHO_MS).unref();
        this.#flights.onEmpty = () => (clearTimeout(timer), resolve());
      });
      this.#flights.onEmpty = null;
    }
    const why = `sent, but not confirmed: ${reason}`;
    for (const { owner } of this.#flights.take(() => true)) owner.reject("unknown", why);
  }

  #pump(): void {
    while (this.connection.isRegistered && !this.membership.isJoining && !this.#relay.isTrying(this.#flights)) {
      this.#current ??= this.#takeNext();
      if (this.#current === null) return;
      const { outgoing, lines, next } = this.#current;
      const line = lines[next];
      if (line === undefined) {
        this.#current = null;
        continue;
      }
      const wires = privmsg(outgoing.ircChannel, line);
      const bytes = bytesOf(wires);
      if (this.#flights.bytes > 0 && this.#flights.bytes + bytes > this.#parts.config.maxInFlightBytes) return;
      const { text, tag, pieces, relay, label } = line;
      if (this.#relay.mustWait(relay, outgoing.ircChannel, this.#flights)) return;
      this.#current.next += 1;
      this.#write(wires, { text, tag, pieces, relay, label, owner: outgoing, bytes, isResent: false });
    }
  }

  #takeNext(): { outgoing: Outgoing; lines: readonly Line[]; next: number } | null {
    for (let outgoing = this.#queue.shift(); outgoing !== null; outgoing = this.#queue.shift()) {
      const lines = this.#wording(outgoing);
      if (lines === null) {
        outgoing.reject("refused", "the message is too long for this network");
        continue;
      }
      outgoing.linesLeft = lines.length;
      return { outgoing, lines, next: 0 };
    }
    return null;
  }

  #wording(outgoing: Outgoing): readonly Line[] | null {
    const { nextChunkId } = this.#parts;
    return wordingOf(outgoing, { connection: this.connection, relay: this.#relay, nextChunkId });
  }

  /** What was tried in a browser's name goes again with the name before it. */
  #speakPlainly(key: string): void {
    this.#relay.endTrial();
    for (const { owner } of this.#flights.remove(key, () => true)) {
      const lines = owner.isSettled ? null : this.#wording(owner);
      if (lines !== null) owner.linesLeft = lines.length;
      this.#current = lines === null ? null : { outgoing: owner, lines, next: 0 };
    }
    this.#flights.tidy(key);
    this.#pump();
  }

  #write(wires: readonly string[], line: FlightLine<Outgoing>): void {
    line.owner.isSent = true;
    this.#flights.add(line);
    for (const wire of wires) this.connection.send(wire);
  }

  /** Sends again, in order, what a channel refused from outside; only once. */
  #resend(key: string): void {
    for (const line of this.#flights.remove(key, () => true)) {
      if (line.owner.isSettled) continue;
      this.#write(privmsg(line.owner.ircChannel, line), { ...line, isResent: true });
    }
    this.#flights.tidy(key);
    this.#pump();
  }

  #refuseAll(key: string, reason: string): void {
    for (const line of this.#flights.remove(key, () => true)) this.#refuse(line, reason);
    this.#flights.tidy(key);
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
      this.#flights.land(line);
      const reason = flight.refusals.shift();
      if (reason === undefined) flight.skipped.push(line);
      else this.#reject(line, reason);
    }
    await isAnswered(this.connection.ping());
    for (const line of skipped) this.#reject(line, "the server dropped it");
    flight.skipped = flight.skipped.filter((line) => !skipped.includes(line));
    this.#flights.tidy(key);
  }

  /** What the server let pass before the refusal has come back now, so the oldest line is the refused one. */
  async #refuseAfterBarrier(key: string): Promise<void> {
    if (!(await isAnswered(this.#parts.barrier(key)))) return;
    const flight = this.#flights.get(key);
    const reason = flight?.refusals.shift();
    const line = reason === undefined ? undefined : flight?.shift();
    if (line !== undefined && reason !== undefined) {
      this.#flights.land(line);
      this.#refuse(line, reason);
    }
    this.#flights.tidy(key);
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
    this.#flights.remove(key, (line) => late.has(line));
    this.#flights.tidy(key);
  }

  #dropCurrent(reason: string): void {
    const current = this.#current;
    this.#current = null;
    current?.outgoing.reject(current.outgoing.isSent ? "unknown" : "unavailable", reason);
  }
}
