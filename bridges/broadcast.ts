import type { Audience } from "./channel/channel.ts";
import type { Channels } from "./channel/channels.ts";
import type { LogEntry } from "./log/log.ts";
import { watchedChannel } from "./presence/presence-channel.ts";
import type { Delivery } from "./session/delivery.ts";
import type { Downlink } from "./session/downlink.ts";
import type { QueueLimits, Session } from "./session/session.ts";
import type { SlowReaders } from "./session/slow-readers.ts";

/** What broadcasting needs. */
export interface BroadcastOptions {
  readonly delivery: Delivery;
  /** Asked for late: channels and broadcasting know each other. */
  readonly channels: () => Channels;
  readonly limits: QueueLimits;
  readonly slowReaders: SlowReaders;
  /** More waits for this session than may. */
  readonly onFellBehind: (session: Session) => void;
}

/** Takes a message to its audience: one frame per dispatcher for all who keep up, a queue for each who does not. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  /** Sessions that fell behind and are ended now, one after the other. */
  readonly #behind = new Set<Session>();
  #delivered = 0;

  constructor(options: BroadcastOptions) {
    this.#options = options;
  }

  /** Messages to sessions since the start, each as often as there are sessions that it is for. */
  get delivered(): number {
    return this.#delivered;
  }

  send(audience: Audience, entry: LogEntry): void {
    for (const [downlink, recipients] of audience.direct) {
      // Notices, presence and pictures are nobody's message.
      if (entry.id !== "") this.#delivered += recipients.length;
      downlink.notes?.said(entry);
      downlink.send({ type: "deliver", seq: entry.seq, recipients, payload: entry.bytes });
    }
    for (const session of audience.queued) this.queue(session, entry);
  }

  /** Lets a message wait for one session, and sees that it leaves when it can. */
  queue(session: Session, entry: LogEntry): void {
    if (session.hasEnded || this.#behind.has(session)) return;
    if (entry.id !== "") this.#delivered += 1;
    // From now on everything for it has to wait behind this message.
    if (session.isDirect) this.refresh(session);
    const { limits, slowReaders, delivery } = this.#options;
    if (session.push(entry, limits) || slowReaders.relieve(session)) delivery.schedule(session);
    else this.#endBehind(session);
  }

  /** Who watches presence is told of an end, and may be behind as well: a loop, since so many calls fit in no stack. */
  #endBehind(session: Session): void {
    this.#behind.add(session);
    if (this.#behind.size > 1) return;
    for (const one of this.#behind) this.#options.onFellBehind(one);
    this.#behind.clear();
  }

  /** A session can be written to again. */
  catchUp(session: Session): void {
    this.refresh(session);
    if (session.queue.length > 0) this.#options.delivery.schedule(session);
  }

  /** How a session can be reached has changed: who gets what directly is computed anew. */
  refresh(session: Session): void {
    const channels = this.#options.channels();
    for (const name of session.subscriptions) {
      if (watchedChannel(name) !== null) continue;
      channels.get(name)?.forgetAudience();
      channels.patterns.get(name)?.forgetAudiences();
    }
  }

  /** The same for all sessions behind one link. */
  refreshAll(downlink: Downlink<Session>): void {
    for (const session of downlink.sessions) this.refresh(session);
  }
}
