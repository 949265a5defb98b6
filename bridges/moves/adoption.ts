import { BayeuxError, gapText } from "../../bayeux/index.ts";
import type { Broadcast } from "../broadcast.ts";
import type { Channels } from "../channel/channels.ts";
import type { LateCopies } from "../history/late-copies.ts";
import type { Log, LogEntry } from "../log/log.ts";
import { overlapOf, type Overlap, type Since } from "../session/overlap.ts";
import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import { restored, type ChannelPosition, type SessionSnapshot } from "../session/snapshot.ts";
import type { Subscriptions } from "../subscriptions.ts";
import type { Holding } from "./holding.ts";

/** What taking over sessions needs. */
export interface AdoptionOptions {
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions;
  readonly messages: Log;
  readonly lateCopies: LateCopies;
  readonly broadcast: Broadcast;
  readonly now: () => number;
}

/** An overlap, while nothing has come since. */
interface Reckoned extends Overlap {
  /** Of the log. */
  readonly appended: number;
}

/** What is missing to a session, with its place among what other channels have. */
interface Missed {
  readonly place: number;
  readonly entry: LogEntry;
}

/** Makes sessions of other bridges our own: each message once, and a notice where that cannot be shown. */
export class Adoption {
  readonly #options: AdoptionOptions;
  /** Many sessions are in the same channels. */
  readonly #reckoned = new WeakMap<ChannelPosition, Reckoned>();

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /**
   * Joins what a session needs, and goes on with it where the other bridge has stopped.
   *
   * @param since from when on channels are heard here; the holding's own where left out
   * @param isWanted false where it has come too late, when its channels are joined
   * @throws BayeuxError where that is not possible here
   */
  async adopt(
    snapshot: SessionSnapshot,
    holding: Holding,
    since: (channel: string) => Since = (channel) => holding.since(channel),
    isWanted: () => boolean = () => true,
  ): Promise<Session> {
    const { sessions, subscriptions, messages, broadcast } = this.#options;
    const { subscriptions: names, positions } = snapshot;
    subscriptions.checkResume(names);
    await holding.want([...names, ...positions.map(({ channel }) => channel)]);
    if (!isWanted()) throw new BayeuxError("sessionUnknown");
    // From here on nothing may come in between.
    const { traits, state } = restored(snapshot, ({ channel, id, text, timeMs, after }) =>
      messages.entry(channel, id, text, timeMs, after),
    );
    const session = sessions.adopt(traits, state);
    subscriptions.resume(session, names);
    const missed = positions.flatMap((position) => this.#missed(session, position, since(position.channel)));
    for (const { entry } of missed.sort((one, other) => one.place - other.place)) broadcast.queue(session, entry);
    broadcast.refresh(session);
    return session;
  }

  #missed(session: Session, position: ChannelPosition, since: Since): Missed[] {
    const { fresh, late, isProved } = this.#reckon(position, since);
    this.#options.lateCopies.expectMoved(position.channel, session, late);
    const missed = fresh.map((entry) => ({ place: entry.seq, entry }));
    if (isProved) return missed;
    const place = fresh[0]?.seq ?? Number.POSITIVE_INFINITY;
    return [{ place, entry: this.#notice(position, fresh) }, ...missed];
  }

  #reckon(position: ChannelPosition, since: Since): Overlap {
    const { messages } = this.#options;
    const { appended } = messages;
    const known = this.#reckoned.get(position);
    if (known && known.appended === appended) return known;
    const reckoned = { ...overlapOf(messages.all(position.channel), position, since), appended };
    this.#reckoned.set(position, reckoned);
    return reckoned;
  }

  #notice({ channel, last }: ChannelPosition, fresh: readonly LogEntry[]): LogEntry {
    const { messages, channels, now } = this.#options;
    const network = channels.get(channel)?.network.name ?? "";
    const before = fresh.find(({ id }) => id !== "")?.id ?? null;
    const time = new Date(now()).toISOString();
    return messages.entry(channel, "", gapText(channel, network, time, LATE, last, before), now(), last);
  }
}

const LATE = "the session has moved to another bridge, which was not in the channel in time";
