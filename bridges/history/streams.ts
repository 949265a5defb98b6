import { gapText } from "../../bayeux/index.ts";
import type { Logger } from "pino";
import type { Broadcast } from "../broadcast.ts";
import type { Channel } from "../channel/channel.ts";
import type { Log } from "../log/log.ts";
import type { NetworkMessage } from "../network.ts";
import type { Archive } from "./archive.ts";
import { Filling } from "./filling.ts";
import type { LateCopies } from "./late-copies.ts";
import type { Ending } from "./reader.ts";
import { said } from "./said.ts";
import type { Said } from "./said.ts";

/** What keeping the streams whole needs. */
export interface StreamsOptions {
  readonly messages: Log;
  readonly broadcast: Broadcast;
  readonly archive: Archive;
  readonly lateCopies: LateCopies;
  readonly now: () => number;
  readonly log: Logger;
  /** How long a channel's live messages wait for what is before them. */
  readonly gapFillTimeoutMs: number;
  /** Of one channel: what a gap is filled with, and the live messages that wait, each. */
  readonly maxReplayMessages: number;
  /** What waits, of all channels; what is filled in goes to the log as well. */
  readonly logMessages: number;
  readonly logBytes: number;
}

/** A hole that was told, and whose end is not known yet. */
interface OpenGap {
  readonly reason: string;
  readonly after: string | null;
}

/**
 * The messages of each channel as they go to the log and to its audience: each once, in the network's order, and where
 * some may be missing, a notice at that place.
 *
 * A gap is filled from the network's history where that is shown to be complete: when it reaches the first live message.
 * The channel's live messages wait until then.
 */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #fillings = new Map<string, Filling>();
  readonly #openGaps = new Map<string, OpenGap>();
  /** Channels in which nobody has spoken since a gap was filled, with its reason: the archive may have lagged. */
  readonly #unproved = new Map<string, string>();
  #heldMessages = 0;
  #heldBytes = 0;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** Somebody has said something. */
  message(channel: Channel, message: NetworkMessage): void {
    // History was faster than the live message, or a network has repeated itself.
    if (this.#options.messages.has(channel.name, message.id)) return;
    const unproved = this.#unproved.get(channel.name);
    if (unproved !== undefined) this.gap(channel, unproved);
    const one = said(channel, message);
    const filling = this.#fillings.get(channel.name);
    if (!filling) return this.#deliver(channel, one);
    if (!filling.hold(one)) return;
    this.#heldMessages += 1;
    this.#heldBytes += one.text.length;
    const { maxReplayMessages, logMessages, logBytes } = this.#options;
    const isFull =
      filling.held.length > maxReplayMessages || this.#heldMessages > logMessages || this.#heldBytes > logBytes;
    if (isFull) this.#finish(filling, "too many");
  }

  /** What was said between the last message and the next may be missing. */
  gap(channel: Channel, reason: string): void {
    const { messages, archive, now, gapFillTimeoutMs, maxReplayMessages, log } = this.#options;
    const current = this.#fillings.get(channel.name);
    this.#unproved.delete(channel.name);
    const deadlineMs = now() + gapFillTimeoutMs;
    // What is being filled is this gap as well.
    if (current) return current.again(deadlineMs);
    const last = messages.last(channel.name);
    if (!last) return this.#tell(channel, reason, null);
    const filling = new Filling({ channel, reason, last, archive, deadlineMs, now, maxMessages: maxReplayMessages });
    this.#fillings.set(channel.name, filling);
    filling.run().then(
      (ending) => this.#finish(filling, ending),
      (error: unknown) => {
        // Only a bug gets here; what is held must not wait for ever.
        log.error({ channel: channel.name, err: error }, "filling a gap failed");
        this.#finish(filling, "stopped");
      },
    );
  }

  /** The same of what no history has; so it is told at once, and once until somebody speaks. */
  loss(channel: Channel, reason: string): void {
    const current = this.#fillings.get(channel.name);
    if (current) this.#finish(current, "stopped");
    if (!this.#openGaps.has(channel.name)) this.#tell(channel, reason, null);
  }

  /**
   * A network is away, perhaps not for long: what waits, waits some more. Where nothing waits, the gap that is told after the
   * rejoin takes the place of the one that was being filled.
   */
  down(networkName: string): void {
    const deadlineMs = this.#options.now() + this.#options.gapFillTimeoutMs;
    for (const filling of this.#fillings.values()) {
      if (filling.channel.network.name !== networkName) continue;
      if (filling.held.length > 0) filling.extend(deadlineMs);
      else this.#finish(filling, "stopped", false);
    }
  }

  /** True while a channel's messages wait for what was before them. */
  isFilling(channel: string): boolean {
    return this.#fillings.has(channel);
  }

  /** Channels that were left: nobody wants their messages. */
  forget(channels: ReadonlySet<string>): void {
    for (const name of channels) {
      const filling = this.#fillings.get(name);
      if (filling) this.#release(filling);
      this.#openGaps.delete(name);
      this.#unproved.delete(name);
    }
  }

  stop(): void {
    for (const filling of this.#fillings.values()) this.#release(filling);
  }

  #release(filling: Filling): void {
    this.#fillings.delete(filling.channel.name);
    this.#heldMessages -= filling.held.length;
    for (const { text } of filling.held) this.#heldBytes -= text.length;
    filling.stop();
  }

  /**
   * What history had goes out, and then what was held.
   *
   * @param isToldHere false: where the end could not be proved, that is told later
   */
  #finish(filling: Filling, ending: Ending, isToldHere = true): void {
    const { channel, reason } = filling;
    if (this.#fillings.get(channel.name) !== filling) return;
    this.#release(filling);
    const isComplete = ending === "complete";
    if (isComplete && filling.isQuiet) this.#unproved.set(channel.name, reason);
    const { messages, log } = this.#options;
    // Their own set: the log may be smaller than what is filled in.
    const delivered = new Set<string>();
    let isMissing = false;
    const found = filling.found(isComplete);
    for (const [index, message] of found.messages.entries()) {
      isMissing ||= found.holes.has(index);
      if (messages.has(channel.name, message.id)) continue;
      if (isMissing) this.#tell(channel, reason, message.id);
      isMissing = false;
      delivered.add(message.id);
      this.#deliver(channel, said(channel, message));
    }
    isMissing ||= found.holes.has(found.messages.length);
    for (const { held, isProved } of found.live) {
      const fresh = held.filter(({ id }) => !delivered.has(id));
      if (isMissing || (!isProved && isToldHere)) this.#tell(channel, reason, fresh[0]?.id ?? null);
      isMissing = false;
      for (const one of fresh) this.#deliver(channel, one);
    }
    if (delivered.size === 0) return;
    const counts = { filled: delivered.size, held: filling.held.length };
    log.info({ channel: channel.name, reason, ending, ...counts }, "gap filled from history");
  }

  #deliver(channel: Channel, { id, text, timeMs }: Said): void {
    const { messages, broadcast, lateCopies } = this.#options;
    // History may have brought it meanwhile.
    if (messages.has(channel.name, id)) return;
    const open = this.#openGaps.get(channel.name);
    if (open) this.#notice(channel, open.reason, open.after, id);
    this.#openGaps.delete(channel.name);
    messages.begin(channel.name, this.#options.now());
    broadcast.send(lateCopies.audienceOf(channel, id), messages.append(channel.name, id, text, timeMs));
  }

  /** @param before the first message after the gap; null: it is told when it comes */
  #tell(channel: Channel, reason: string, before: string | null): void {
    const after = this.#options.messages.lastId(channel.name);
    this.#notice(channel, reason, after, before);
    if (before === null) this.#openGaps.set(channel.name, { reason, after });
    else this.#openGaps.delete(channel.name);
    const { size: subscribers } = channel.subscribers;
    this.#options.log.warn({ channel: channel.name, reason, after, before, subscribers }, "messages may be missing");
  }

  #notice(channel: Channel, reason: string, after: string | null, before: string | null): void {
    const { messages, broadcast, now } = this.#options;
    const nowMs = now();
    const text = gapText(channel.name, channel.network.name, new Date(nowMs).toISOString(), reason, after, before);
    messages.begin(channel.name, nowMs);
    broadcast.send(channel.audience, messages.append(channel.name, "", text, nowMs));
  }
}
