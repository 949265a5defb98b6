import type { IrcLine } from "./connection.ts";

/** Answers to JOIN that mean no. 480 and 520 are what some servers say for "only for …". */
const JOIN_REFUSALS = new Set("403 405 437 471 473 474 475 476 477 479 480 489 520".split(" "));
/** The reply that ends the list of names, and so a join. */
export const END_OF_NAMES = "366";

/** True for an answer that refuses the JOIN of a channel. */
export function refusesJoin(line: IrcLine): boolean {
  return JOIN_REFUSALS.has(line.command) || (line.command === "FAIL" && line.params[0] === "JOIN");
}

/** True for an error reply, or a standard reply that means failure. */
export function isRefusal(line: IrcLine): boolean {
  if (line.command === "FAIL") return line.params[0] === "PRIVMSG" || line.params[0] === "*";
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
