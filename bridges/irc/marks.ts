import type { IrcLine } from "./irc-line.ts";

const RANDOM_USERS = 36 ** 7;
/**
 * The user name of a connection that marks: it begins with a digit, as hardly anybody's does. Where nobody has vouched for
 * it, servers put a sign before it.
 */
const MARKING_USER = /^[~^+=-]?(\d[0-9a-z]{7})$/;

/** A user name that no other connection has: eight characters, which the narrowest server shows whole. @param random 0 ≤ x < 1 */
export function markingUser(random: () => number): string {
  const digit = Math.floor(random() * 10).toString();
  return (
    digit +
    Math.floor(random() * RANDOM_USERS)
      .toString(36)
      .padStart(7, "0")
  );
}

/** The user name of whoever said a line, where it is one of a connection that marks; else null. */
export function markOf({ prefix }: IrcLine): string | null {
  const user = /!([^@]*)@/.exec(prefix)?.[1] ?? "";
  return MARKING_USER.exec(user)?.[1] ?? null;
}
