import { gapText, patternsOf } from "../../bayeux/index.ts";
import type { FaultCounter } from "../../link/index.ts";
import type { Logger } from "pino";
import type { LogEntry } from "../log/log.ts";
import { isPresence } from "../presence/presence-channel.ts";
import { conflate, dropOldest } from "./relief.ts";
import type { QueueLimits, Session } from "./session.ts";

/** What happens to the messages of a channel that wait for a session which falls too far behind. */
export type SlowReaderPolicy = "disconnect" | "drop-oldest" | "conflate";

/** One line of the configuration; the first whose channel or pattern matches counts. */
export interface SlowReaderRule {
  readonly channels: string;
  readonly policy: SlowReaderPolicy;
}

/** What relieving slow readers needs. */
export interface SlowReadersOptions {
  readonly rules: readonly SlowReaderRule[];
  readonly limits: QueueLimits;
  /** The name of a channel's network, for gap notices. */
  readonly networkOf: (channel: string) => string;
  readonly now: () => number;
  readonly log: Logger;
  readonly faults: FaultCounter;
}

/** So much of the bound is in use after oldest messages were dropped: not every message costs a look at the queue. */
const REFILL = 7 / 8;

/** Makes room in the queues of sessions that fall behind, as far as the policies of their channels allow. */
export class SlowReaders {
  readonly #options: SlowReadersOptions;

  constructor(options: SlowReadersOptions) {
    this.#options = options;
  }

  /** @returns false when more waits for the session than may, all the same */
  relieve(session: Session): boolean {
    const { rules, limits, faults } = this.#options;
    if (rules.length > 0) {
      const policies = new Map<string, SlowReaderPolicy>();
      const policyOf = ({ channel }: LogEntry) => {
        const known = policies.get(channel) ?? this.policyOf(channel);
        policies.set(channel, known);
        return known;
      };
      const conflated = conflate(session.queue, (entry) => policyOf(entry) === "conflate");
      session.requeue(conflated.entries);
      const room = session.room(scaled(limits));
      const excess = { messages: -room.maxQueuedMessages, bytes: -room.maxQueuedBytes };
      const dropped = dropOldest(
        session.queue,
        excess,
        (entry) => policyOf(entry) === "drop-oldest",
        (first, before, count) => this.#notice(first, before, count),
      );
      session.requeue(dropped.entries);
      this.#tell(session, conflated.count, dropped.count);
    }
    const isRelieved = session.isWithin(limits);
    if (!isRelieved) faults.count("bridge.slowReader", "slow reader ended", { session: session.label });
    return isRelieved;
  }

  /** Presence is never thinned: a change means something only after all changes before it. */
  policyOf(channel: string): SlowReaderPolicy {
    if (isPresence(channel)) return "disconnect";
    const names = new Set([channel, ...patternsOf(channel)]);
    return this.#options.rules.find((rule) => names.has(rule.channels))?.policy ?? "disconnect";
  }

  #notice({ channel, after }: LogEntry, before: string | null, count: number | undefined): string {
    const { networkOf, now } = this.#options;
    const time = new Date(now()).toISOString();
    return gapText(channel, networkOf(channel), time, "this reader was too slow", after, before, count);
  }

  /** Each offender is named once until it has caught up; how much it lost is told when its session ends. */
  #tell(session: Session, conflated: number, dropped: number): void {
    const { faults, log } = this.#options;
    const { label } = session;
    if (conflated > 0) faults.count("bridge.conflated", "messages of a slow reader conflated", { session: label });
    if (dropped > 0) faults.count("bridge.dropped", "messages of a slow reader dropped", { session: label });
    session.conflated += conflated;
    session.dropped += dropped;
    if (session.isBehind || conflated + dropped === 0) return;
    session.isBehind = true;
    log.warn({ session: label, conflated, dropped }, "slow reader");
  }
}

function scaled({ maxQueuedMessages, maxQueuedBytes }: QueueLimits): QueueLimits {
  return {
    maxQueuedMessages: Math.floor(maxQueuedMessages * REFILL),
    maxQueuedBytes: Math.floor(maxQueuedBytes * REFILL),
  };
}
