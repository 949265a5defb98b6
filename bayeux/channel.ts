import { BayeuxError } from "./errors.ts";

/** Bayeux §2.1 lets segments have these characters; what CometD adds to them (space . # + { }) is refused. */
const CHANNEL = /^(?:\/[A-Za-z0-9\-_!~()$@]+)+$/;
const PATTERN = /^(?:\/[A-Za-z0-9\-_!~()$@]+)*\/\*\*?$/;

/** True for a concrete channel name such as `/chat/room1`. */
export function isChannel(name: string): boolean {
  return CHANNEL.test(name);
}

/** True for a name ending in one of the wildcards, such as `/chat/*`. */
export function isPattern(name: string): boolean {
  return PATTERN.test(name);
}

/** True for `/meta/…`, however it goes on: it is never distributed and never subscribed to. */
export function isMeta(name: string): boolean {
  return name === "/meta" || name.startsWith("/meta/");
}

/** True for `/service/…`: between one session and the server, never distributed. */
export function isService(name: string): boolean {
  return name === "/service" || name.startsWith("/service/");
}

/**
 * Checks the name of a channel that a client wants to publish to.
 *
 * @throws BayeuxError `tooLong` or `badChannel`
 */
export function checkChannel(name: string, maxChannelLength: number): void {
  if (name.length > maxChannelLength) throw new BayeuxError("tooLong", ["channel", String(maxChannelLength)]);
  if (!CHANNEL.test(name)) throw new BayeuxError("badChannel", [name]);
}

/**
 * Checks the name of a channel or pattern that a client wants to subscribe to.
 *
 * @throws BayeuxError `tooLong`, `badChannel`, or `forbidden` for meta channels
 */
export function checkSubscription(name: string, maxChannelLength: number): void {
  if (name.length > maxChannelLength) throw new BayeuxError("tooLong", ["subscription", String(maxChannelLength)]);
  // Bayeux §2.2.2: /meta is the server's own; a pattern at the root does not take it in, since it is never distributed.
  if (isMeta(name)) throw new BayeuxError("forbidden", [name]);
  if (!CHANNEL.test(name) && !PATTERN.test(name)) throw new BayeuxError("badChannel", [name]);
}

/**
 * Lists every pattern that matches a channel, most general first.
 *
 * @param channel a concrete name
 * @returns for `/chat/room1`: a `**` under the root and under `/chat`, then a `*` under `/chat`
 * @see Bayeux 1.0 §2.2.1 "Channel Globbing"; a `**` needs at least one segment in its place
 */
export function patternsOf(channel: string): string[] {
  const segments = channel.split("/").slice(1);
  const deep = segments.map((_, depth) => ["", ...segments.slice(0, depth), "**"].join("/"));
  return [...deep, ["", ...segments.slice(0, -1), "*"].join("/")];
}

/** @returns true where a pattern matches a concrete name; the same as a look at `patternsOf`, for many names */
export function matches(pattern: string, channel: string): boolean {
  const isDeep = pattern.endsWith("**");
  const stem = pattern.slice(0, isDeep ? -2 : -1);
  if (channel.length <= stem.length || !channel.startsWith(stem)) return false;
  return isDeep || !channel.includes("/", stem.length);
}
