import parseIrcLine from "irc-framework/src/irclineparser.js";
import type { Limits } from "./limits.ts";
import { TOO_LONG, type Line } from "./line-splitter.ts";

/** One line from a client. */
export interface Message {
  /** Client-only tags as they came (`+a=b;+c`), ready to be relayed; empty without any. */
  readonly clientTags: string;
  /** Upper case. */
  readonly command: string;
  readonly params: readonly string[];
}

const CLIENT_TAG = /^\+(?:[A-Za-z0-9.-]+\/)?[A-Za-z0-9-]+(?:=|$)/;

/**
 * Parses a client's line. A sender's own prefix is ignored, as is every tag that is not client-only.
 *
 * @returns `TOO_LONG` when line or tags are over their limit, undefined when there is no command
 * @see IRCv3 message-tags: tags have their own limit, apart from the 512 bytes of RFC 1459
 */
export function parseMessage(line: Line, limits: Limits): Message | typeof TOO_LONG | undefined {
  if (line === TOO_LONG) return TOO_LONG;
  let tags = "";
  let rest = line;
  if (line.startsWith("@")) {
    const space = line.indexOf(" ");
    tags = line.slice(1, space === -1 ? line.length : space);
    rest = space === -1 ? "" : line.slice(space + 1);
  }
  if (tags.length > limits.maxTagBytes || rest.length + 2 > limits.maxLineBytes) return TOO_LONG;
  // Tags are relayed as they came: irc-framework would lower-case their names and unescape their values for nothing.
  const { command, params } = parseIrcLine(rest);
  if (command === "") return undefined;
  return { clientTags: clientOnly(tags), command, params };
}

function clientOnly(tags: string): string {
  if (!tags.includes("+")) return "";
  return tags
    .split(";")
    .filter((tag) => CLIENT_TAG.test(tag))
    .join(";");
}
