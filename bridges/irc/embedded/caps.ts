/** The IRCv3 capabilities on offer, each one bit of a client's set. */
export const CAPS: ReadonlyMap<string, number> = new Map([
  ["message-tags", 1],
  ["server-time", 2],
  ["echo-message", 4],
]);

/** Bit of `message-tags`. */
export const MESSAGE_TAGS = 1;
/** Bit of `server-time`. */
export const SERVER_TIME = 2;
/** Bit of `echo-message`. */
export const ECHO_MESSAGE = 4;

/** The names of a capability set, separated by spaces. */
export function capNames(caps: number): string {
  return [...CAPS].flatMap(([name, bit]) => ((caps & bit) === 0 ? [] : [name])).join(" ");
}
