/** Every bound of the embedded server. Each has an answer when it is reached, named beside it. */
export interface Limits {
  /** Clients at once. Answer: `ERROR :Too many connections`. */
  readonly maxConnections: number;
  /** Time to complete NICK, USER and CAP END. Answer: `ERROR :Registration timed out`. */
  readonly registrationTimeoutMs: number;
  /** A line without its tags, with CRLF, incoming or as relayed. Answer: 417. */
  readonly maxLineBytes: number;
  /** The tags a client may send with one line, without `@` and the space. Answer: 417. */
  readonly maxTagBytes: number;
  /** Channels on the server. Answer: 437. */
  readonly maxChannels: number;
  /** Channels one client may be in. Answer: 405. */
  readonly maxChannelsPerClient: number;
  /** Targets of one PRIVMSG, NOTICE, TAGMSG, KICK or WHOIS, and masks of one LIST. Answer: 407. */
  readonly maxTargets: number;
  /** Ban masks of one channel. Answer: 478. */
  readonly maxBans: number;
  /** Output that waits for one client. Answer: `ERROR :SendQ exceeded`. */
  readonly maxSendQueueBytes: number;
  /** Lines handled for one client before others have their turn; the rest waits and reading pauses. */
  readonly linesPerTurn: number;
  /** Silence before a client is asked PING. */
  readonly pingIdleMs: number;
  /** Further silence after that PING. Answer: `ERROR :Ping timeout`. */
  readonly pongTimeoutMs: number;
  /** Time a closed connection has to read its last lines before its socket is destroyed. */
  readonly closeTimeoutMs: number;
  /** How often timeouts are looked for. */
  readonly sweepMs: number;
}

/** Generous, because the bridge is a trusted client that may join thousands of channels. */
const DEFAULT_LIMITS: Limits = {
  maxConnections: 1_000,
  registrationTimeoutMs: 10_000,
  maxLineBytes: 512,
  maxTagBytes: 4_094,
  maxChannels: 20_000,
  maxChannelsPerClient: 10_000,
  maxTargets: 4,
  maxBans: 50,
  maxSendQueueBytes: 8 * 1024 * 1024,
  linesPerTurn: 200,
  pingIdleMs: 60_000,
  pongTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
  sweepMs: 1_000,
};

/** Lengths told in 005; longer texts of these kinds are cut there, as on other servers, longer names refused. */
export const LENGTHS = { nick: 30, user: 10, channel: 64, topic: 300, reason: 255, key: 23, mask: 80 } as const;

/** @throws RangeError naming a limit that is not a positive whole number, or a line shorter than IRC's 512 bytes */
export function completeLimits(partial: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS, ...partial };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a positive whole number`);
  }
  if (limits.maxLineBytes < 512) throw new RangeError("maxLineBytes must be at least 512");
  return Object.freeze(limits);
}
