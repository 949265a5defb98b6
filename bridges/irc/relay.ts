import type { IrcConfig } from "./config.ts";
import type { Connection } from "./connection.ts";
import type { IrcLine } from "./irc-line.ts";
import type { Flights } from "./flights.ts";
import { foldName } from "./names.ts";

export const RELAY_CAPABILITY = "draft/relaymsg";
/** The nick of who really speaks; only the server can set it. */
const RELAY_TAG = "draft/relaymsg";

/** RFC 1459's nicks: what any server lets stand before the suffix, and gives back as it was. */
const NAME = /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]*$/;
const DEFAULT_NICK_LENGTH = 30;
/** About what is said, or who says it: no reason to speak otherwise, least of all in a banned name. */
const NOT_ABOUT_US = new Set(["BLANK_MSG", "BANNED"]);

/**
 * Speaking in browsers' names on one connection (RELAYMSG): alice is seen as `alice/web`. Whether the server lets us is only known
 * from trying, for each channel once; nothing else is on its way then, so that what is refused is sure.
 *
 * @see https://ircv3.net/specs/extensions/relaymsg
 */
export class Relay {
  readonly #config: IrcConfig;
  readonly #connection: Connection;
  /** Folded. */
  readonly #proven = new Set<string>();
  #trial: string | null = null;
  #isDenied = false;
  #isUsed = false;

  constructor(config: IrcConfig, connection: Connection) {
    this.#config = config;
    this.#connection = connection;
  }

  /** Folded name of the channel whose first answer is awaited, or null. */
  get trial(): string | null {
    return this.#trial;
  }

  /** @returns the nick to speak as, or null where the name goes before the text */
  nickOf(name: string | null): string | null {
    const { relayNames, relaySuffix } = this.#config;
    if (name === null || !relayNames || this.#isDenied || !NAME.test(name)) return null;
    const separators = this.#connection.capability(RELAY_CAPABILITY);
    // Without one of them, people could have such nicks themselves.
    if (separators === null || ![...relaySuffix].some((sign) => (separators || "/").includes(sign))) return null;
    const nick = name + relaySuffix;
    if (nick.length > (this.#connection.limit("NICKLEN") ?? DEFAULT_NICK_LENGTH)) return null;
    this.#isUsed = true;
    return nick;
  }

  /**
   * Asked before a line is sent; what is sent then may be a trial.
   *
   * @param nick that it is said as, if not as ourselves
   * @returns true when something has to come back first
   */
  mustWait(nick: string | undefined, ircChannel: string, flights: Flights): boolean {
    if (!this.#isUsed) return false;
    const key = foldName(ircChannel);
    const last = flights.get(key)?.lines.at(-1);
    // What is relayed may pass where the rest is refused from outside, and sent again.
    if (last !== undefined && (last.relay === undefined) !== (nick === undefined)) return true;
    if (nick === undefined || this.#proven.has(key)) return false;
    if (flights.size > 0) return true;
    this.#trial = key;
    return false;
  }

  /** Something came back in the trial's channel. */
  onAccepted(): void {
    if (this.#trial !== null) this.#proven.add(this.#trial);
    this.#trial = null;
  }

  /** Nothing may be sent meanwhile. */
  isTrying(flights: Flights): boolean {
    // Nothing can come back any more: nobody will ever know.
    if (this.#trial !== null && !flights.has(this.#trial)) this.#trial = null;
    return this.#trial !== null;
  }

  /** The server said no. */
  endTrial(): void {
    this.#trial = null;
  }

  /** @returns true for a refusal that means: not you, or not here; we do not ask again on this connection */
  denies({ command, params }: IrcLine): boolean {
    if (command !== "FAIL" || params[0] !== "RELAYMSG" || NOT_ABOUT_US.has(params[1] ?? "")) return false;
    this.#isDenied = true;
    return true;
  }

  leave(ircChannel: string): void {
    this.#proven.delete(foldName(ircChannel));
  }

  clear(): void {
    this.#proven.clear();
    this.#trial = null;
    this.#isDenied = false;
  }
}

/** The nick of the connection that spoke, in whatever name. */
export function speakerOf({ nick, tags }: IrcLine): string {
  return tags[RELAY_TAG] ?? nick;
}

/** The name that a bridge has given the speaker of a line; null for one that has not the suffix. */
export function relayedName(nick: string, suffix: string): string | null {
  return nick.length > suffix.length && nick.endsWith(suffix) ? nick.slice(0, -suffix.length) : null;
}
