import { NetworkError } from "../network.ts";
import type { IrcConfig } from "./config.ts";
import type { Connection, ConnectionOwner } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import type { Ending } from "./endings.ts";
import { foldName } from "./names.ts";
import { OldBatches } from "./old-batches.ts";
import { END_OF_NAMES, joinLine, refusesJoin, words } from "./replies.ts";

/** What a historian needs of the network around it. */
export interface HistorianParts {
  readonly config: IrcConfig;
  readonly connect: (owner: ConnectionOwner) => Connection;
  readonly now: () => number;
}

interface Visit {
  readonly ircChannel: string;
  readonly channelKey: string | undefined;
  readonly key: string;
  readonly deadlineMs: number;
  readonly answer: PromiseWithResolvers<readonly IrcLine[]>;
  lines: readonly IrcLine[];
  isSent: boolean;
  isJoined: boolean;
}

/**
 * A connection that joins a channel for what the server replays at a JOIN, and leaves it at once. The receiving one
 * cannot, because it is in the channel already. It is made when it is needed, and closed when it has been idle.
 */
export class Historian implements ConnectionOwner, AsyncDisposable {
  readonly #parts: HistorianParts;
  readonly #batches: OldBatches;
  readonly #closings = new Set<Promise<void>>();
  #connection: Connection | null = null;
  #visit: Visit | null = null;
  #idleSinceMs = 0;
  #isClosed = false;

  constructor(parts: HistorianParts) {
    this.#parts = parts;
    this.#batches = new OldBatches(parts.config.maxHistoryLines, {
      isWanted: (key) => this.#visit?.key === key,
      onBatch: (key, lines) => {
        if (this.#visit?.key === key) this.#visit.lines = lines;
      },
    });
  }

  /**
   * Everything that the server has kept of a channel, oldest first. One call at a time.
   *
   * @param channelKey for channels that need one (mode +k)
   * @throws NetworkError `refused` when it may not join, or `unavailable`
   */
  read(ircChannel: string, channelKey: string | undefined): Promise<readonly IrcLine[]> {
    if (this.#visit !== null) throw new Error("two visits at once");
    if (this.#isClosed) return Promise.reject(new NetworkError("unavailable", "closed"));
    const { config, connect, now } = this.#parts;
    const answer = Promise.withResolvers<readonly IrcLine[]>();
    const deadlineMs = now() + config.historyTimeoutMs;
    const key = foldName(ircChannel);
    this.#visit = { ircChannel, channelKey, key, deadlineMs, answer, lines: [], isSent: false, isJoined: false };
    if (this.#connection === null) {
      this.#connection = connect(this);
      this.#connection.start();
    }
    this.#go();
    return answer.promise;
  }

  /** Ends what takes too long, and a connection that nobody needs. */
  sweep(nowMs: number): void {
    if (this.#visit !== null) {
      if (nowMs < this.#visit.deadlineMs) return;
      this.#fail(new NetworkError("unavailable", "the server did not send its history in time"));
      // What is still to come would be taken for the next answer.
      this.#hangUp();
    } else if (nowMs - this.#idleSinceMs >= this.#parts.config.historianIdleMs) this.#hangUp();
  }

  onRegistered(): void {
    this.#go();
  }

  onLine(connection: Connection, line: IrcLine): void {
    if (connection !== this.#connection || this.#batches.take(line)) return;
    const visit = this.#visit;
    if (visit === null || !visit.isSent || foldName(line.params[1] ?? "") !== visit.key) return;
    if (refusesJoin(line)) this.#fail(new NetworkError("refused", words(line)));
    else if (line.command === END_OF_NAMES && !visit.isJoined) {
      visit.isJoined = true;
      void this.#finish(connection, visit);
    }
  }

  onDown(connection: Connection, { reason }: Ending): void {
    if (connection !== this.#connection) return;
    this.#batches.clear();
    if (this.#visit?.isSent === true) this.#fail(new NetworkError("unavailable", reason));
    // With nobody waiting there is nothing to come back for.
    if (this.#visit === null) this.#hangUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#fail(new NetworkError("unavailable", "closed"));
    this.#hangUp();
    await Promise.all(this.#closings);
  }

  #go(): void {
    const visit = this.#visit;
    if (visit === null || visit.isSent || this.#connection?.isRegistered !== true) return;
    visit.isSent = true;
    this.#connection.send(joinLine(visit.ircChannel, visit.channelKey));
  }

  /** The replay comes before the answer to a PING, be it before the list of names or after it. */
  async #finish(connection: Connection, visit: Visit): Promise<void> {
    try {
      await connection.ping();
    } catch {
      return; // Lost: `onDown` tells.
    }
    if (this.#visit !== visit || !connection.isRegistered) return;
    connection.send(`PART ${visit.ircChannel}`);
    this.#end();
    visit.answer.resolve(visit.lines);
  }

  #fail(error: NetworkError): void {
    const visit = this.#visit;
    this.#end();
    visit?.answer.reject(error);
  }

  #end(): void {
    this.#visit = null;
    this.#idleSinceMs = this.#parts.now();
  }

  #hangUp(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#batches.clear();
    const closing = connection.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }
}
