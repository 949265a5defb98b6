import type { IrcLine } from "./irc-line.ts";

/** Answers to JOIN that mean no. 480 and 520 are what some servers say for "only for …". */
const JOIN_REFUSALS = new Set("403 405 437 471 473 474 475 476 477 479 480 489 520".split(" "));
/** The reply that ends the list of names, and so a join. */
export const END_OF_NAMES = "366";
/** The answer to JOIN when the connection is in as many channels as it may be. */
export const TOO_MANY_CHANNELS = "405";

/** What the operator can do about a refusal; the server's words say the rest. */
const HINTS: Readonly<Record<string, string>> = {
  "403": "the server has no such channel, and lets us not make it: make it there, or let the bridge",
  "404": "the channel is moderated (+m), or closed to us: give the bridge's nicks voice (+v)",
  "405": "raise the server's limit of channels for this bridge, or irc.maxReceivers",
  "437": "the channel cannot be used for a while, after a netsplit: it is tried again",
  "471": "the channel is full (+l): raise its limit; each bridge needs one place, and more where its senders must join",
  "473": "the channel is for the invited (+i): except the bridge, with +I *!*@its-host for instance",
  "474": "the bridge is banned (+b): lift the ban, or except it with +e",
  "475": "the channel needs a key (+k): set irc.keys",
  "476": "the server does not allow this name for a channel",
  "477": "the channel is for registered users (+R): set irc.sasl",
  "479": "the server does not allow this name for a channel",
  "489": "the channel is for connections with TLS: set irc.tls",
};

/** What the operator can do about a refusal, by the server's numeric; null where nothing is known. */
export function hintFor(numeric: string): string | null {
  return HINTS[numeric] ?? null;
}

/** The numeric that `words` has put at the end. */
export function numericOf(said: string): string {
  return /\((\w+)\)$/.exec(said)?.[1] ?? "";
}

/** @param key of the channel, where it has one (mode +k) */
export function joinLine(ircChannel: string, key: string | undefined): string {
  return key === undefined ? `JOIN ${ircChannel}` : `JOIN ${ircChannel} ${key}`;
}

/** True for an answer that refuses the JOIN of a channel. */
export function refusesJoin(line: IrcLine): boolean {
  return JOIN_REFUSALS.has(line.command) || (line.command === "FAIL" && line.params[0] === "JOIN");
}

/** True for an error reply, or a standard reply that means failure. */
export function isRefusal(line: IrcLine): boolean {
  if (line.command === "FAIL") return ["PRIVMSG", "BATCH", "RELAYMSG", "*"].includes(line.params[0] ?? "");
  // 421 is "unknown command", 451 "not registered": neither is about a message to a channel.
  return /^[45]\d\d$/.test(line.command) && !["421", "451"].includes(line.command);
}

/** The channel that a reply is about: the first parameter for which the test is true, the last (words) left out. */
export function refusedChannel(line: IrcLine, isChannel: (name: string) => boolean): string | null {
  return line.params.slice(0, -1).find((name) => isChannel(name)) ?? null;
}

/** What the server says about it, for people. */
export function words(line: IrcLine): string {
  const said = line.params.at(-1) ?? "";
  return `${said === "" ? "no reason given" : said} (${line.command})`;
}
