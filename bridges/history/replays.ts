import { gapText } from "../../bayeux/index.ts";
import type { Channel } from "../channel/channel.ts";
import type { Log, LogEntry } from "../log/log.ts";
import type { QueueLimits, Session } from "../session/session.ts";
import type { Archive } from "./archive.ts";
import type { LateCopies } from "./late-copies.ts";
import { Replay, tooFarBack } from "./replay.ts";
import type { Replayed } from "./replay.ts";
import type { ReplayFrom } from "./replay-from.ts";
import { said } from "./said.ts";

/** What replaying needs. */
export interface ReplaysOptions {
  readonly messages: Log;
  readonly archive: Archive;
  readonly lateCopies: LateCopies;
  readonly now: () => number;
  /** What one replay brings of one channel, at most. */
  readonly maxReplayMessages: number;
  /** A replay takes at most half of what may still wait for its session. */
  readonly limits: QueueLimits;
}

/** A channel that is joined, and what of its past is wanted. */
export interface Wanted {
  readonly channel: Channel;
  readonly from: ReplayFrom;
}

/** What was said in channels before a session subscribed to them. */
export class Replays {
  readonly #options: ReplaysOptions;

  constructor(options: ReplaysOptions) {
    this.#options = options;
  }

  /**
   * Collects what a session has missed, of all channels or of none. What the log has is had at once.
   *
   * @param use gets what each channel has, at a moment after which everything else comes live
   * @throws BayeuxError that names the channel, where that is not all that was asked for
   */
  async collect(
    session: Session,
    wanted: readonly Wanted[],
    deadlineMs: number,
    use: (missed: readonly (readonly LogEntry[])[]) => void,
  ): Promise<void> {
    const { messages, now } = this.#options;
    for (const { channel } of wanted) messages.begin(channel.name, now());
    const replays = wanted.map((one) => new Replay({ ...this.#options, ...one, deadlineMs }));
    // While one is asked for, the log may have lost what another would join on to.
    for (;;) {
      const unready = replays.filter((replay) => !replay.isReady);
      if (unready.length === 0) break;
      const results = await Promise.allSettled(unready.map((replay) => replay.prepare()));
      const failed = results.find((result) => result.status === "rejected");
      if (failed) throw failed.reason;
    }
    const missed = replays.map((replay) => this.#entries(replay, replay.read()));
    const fitting = this.#fitting(session, replays, missed);
    replays.forEach((replay, index) => {
      if (!replay.mayRepeat) return;
      const ids = fitting[index]?.map(({ id }) => id) ?? [];
      this.#options.lateCopies.expect(replay.channel.name, session, ids);
    });
    use(fitting);
  }

  #entries({ channel }: Replay, { older, isHole, kept }: Replayed): readonly LogEntry[] {
    if (older.length === 0) return kept;
    const { messages, now } = this.#options;
    let after: string | null = null;
    const entries: LogEntry[] = [];
    for (const message of older) {
      const { id, text, timeMs } = said(channel, message);
      entries.push(messages.entry(channel.name, id, text, timeMs, after));
      after = id;
    }
    if (isHole) {
      const before = kept.find(({ id }) => id !== "")?.id ?? null;
      const time = new Date(now()).toISOString();
      const text = gapText(channel.name, channel.network.name, time, UNJOINED, after, before);
      entries.push(messages.entry(channel.name, "", text, now(), after));
    }
    return [...entries, ...kept];
  }

  /** @returns the newest of what there is, as many as may wait. @throws BayeuxError where more was asked for */
  #fitting(
    session: Session,
    replays: readonly Replay[],
    missed: readonly (readonly LogEntry[])[],
  ): (readonly LogEntry[])[] {
    const room = session.room(this.#options.limits);
    // What is said from now on needs room as well.
    let messages = Math.max(room.maxQueuedMessages / 2, 0);
    let bytes = Math.max(room.maxQueuedBytes / 2, 0);
    return missed.map((entries, index) => {
      let first = entries.length;
      for (; first > 0; first--) {
        const size = entries[first - 1]?.bytes.length ?? 0;
        if (messages < 1 || bytes < size) break;
        messages -= 1;
        bytes -= size;
      }
      const replay = replays[index];
      if (first > 0 && replay && replay.from.type !== "everything" && replay.from.type !== "kept") {
        throw tooFarBack(replay.channel.name, "More came after it than may wait for one session");
      }
      return entries.slice(first);
    });
  }
}

const UNJOINED = "the network's history does not reach the messages kept here";
