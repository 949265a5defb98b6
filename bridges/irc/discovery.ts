import type { Naming } from "../naming.ts";
import { NetworkError } from "../network.ts";
import type { IrcConfig } from "./config.ts";
import type { Connection } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import { channelOfIrc } from "./foreign-names.ts";
import { words } from "./replies.ts";

/** What discovery needs of the network around it. */
export interface DiscoveryParts {
  readonly config: IrcConfig;
  readonly naming: Naming;
  readonly maxNameLength: () => number;
  readonly now: () => number;
}

interface Listing {
  readonly connection: Connection;
  /** Channels that are wanted at most. */
  readonly limit: number;
  readonly deadlineMs: number;
  readonly found: Set<string>;
  readonly answer: PromiseWithResolvers<readonly string[]>;
  /** What the server said to us meanwhile, perhaps to explain an empty list. */
  notice: string | null;
  /** Nobody waits any more, but the server may still send it. */
  isLate: boolean;
}

const LIST_START = "321";
const LIST_ENTRY = "322";
const LIST_END = "323";
/** Try again, too many matches, unknown command, and no permission. */
const REFUSALS = new Set(["263", "416", "421", "481"]);

/** Asks the server which channels there are (LIST): one list at a time, for all who ask meanwhile. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  #listing: Listing | null = null;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /**
   * @param limit so many channels at most; what the server tells beyond them is passed over
   * @param connection one that has been there for some time: servers refuse newcomers a list
   * @throws NetworkError `unavailable`, or `refused` with the server's words
   */
  async discover(connection: Connection, limit: number): Promise<readonly string[]> {
    if (this.#listing?.isLate === true) {
      throw new NetworkError("unavailable", "the server still owes an earlier list of channels");
    }
    if (this.#listing !== null && this.#listing.limit < limit) {
      await this.#listing.answer.promise.catch(() => undefined);
      return this.discover(connection, limit);
    }
    this.#listing ??= this.#begin(connection, limit);
    return (await this.#listing.answer.promise).slice(0, limit);
  }

  /** @returns true when the line was about a list of ours */
  onLine(connection: Connection, line: IrcLine): boolean {
    const listing = this.#listing;
    if (listing === null || connection !== listing.connection) return false;
    const { command, params } = line;
    if (command === LIST_ENTRY) this.#add(listing, params[1] ?? "", params.at(-1) ?? "");
    else if (command === LIST_END) this.#finish(listing);
    else if (REFUSALS.has(command) && params[1] === "LIST") this.#refuse(line);
    else if (command === "NOTICE" && !line.prefix.includes("!") && listing.found.size === 0)
      listing.notice = params.at(-1) ?? "";
    else return command === LIST_START;
    return true;
  }

  onDown(connection: Connection, reason: string): void {
    if (this.#listing?.connection !== connection) return;
    this.#end()?.answer.reject(new NetworkError("unavailable", reason));
  }

  sweep(nowMs: number): void {
    const listing = this.#listing;
    if (listing === null || listing.isLate || nowMs < listing.deadlineMs) return;
    listing.isLate = true;
    listing.answer.reject(new NetworkError("unavailable", "the server did not send its list of channels in time"));
  }

  #begin(connection: Connection, limit: number): Listing {
    connection.send("LIST");
    const deadlineMs = this.#parts.now() + this.#parts.config.discoverTimeoutMs;
    const answer = Promise.withResolvers<readonly string[]>();
    return { connection, limit, deadlineMs, found: new Set(), answer, notice: null, isLate: false };
  }

  #add(listing: Listing, ircChannel: string, topic: string): void {
    if (listing.isLate || listing.found.size >= listing.limit) return;
    const { naming, maxNameLength } = this.#parts;
    const channel = channelOfIrc(ircChannel, topic, maxNameLength(), naming);
    if (channel !== null) listing.found.add(channel);
  }

  #finish({ found, notice, answer }: Listing): void {
    this.#end();
    // InspIRCd gives newcomers an empty list, or an invented one, after a notice that says so.
    if (notice !== null) answer.reject(new NetworkError("unavailable", `no list of channels: ${notice}`));
    else answer.resolve([...found]);
  }

  #refuse(line: IrcLine): void {
    const kind = line.command === "263" ? "unavailable" : "refused";
    this.#end()?.answer.reject(new NetworkError(kind, `no list of channels: ${words(line)}`));
  }

  #end(): Listing | null {
    const listing = this.#listing;
    this.#listing = null;
    return listing;
  }
}
