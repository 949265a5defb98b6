import { MessageTags } from "irc-framework";
import type { Connection } from "./connection.ts";
import { DATA_TAG, type Line } from "./line.ts";
import { multilineLimits } from "./multiline.ts";
import type { LineLimits } from "./payload.ts";

/** Escaped bytes of one client tag; the servers' limit for all of them is 4,094. */
export const TAG_BYTES = 3_800;
/** Bytes of a line without its line end and its tags (RFC 1459). */
const LINE_BYTES = 510;
/** Longest `!user@host ` that a server adds to our nick. */
const MASK_BYTES = "!~tailspin@ ".length + 64;

/**
 * What a message of this connection to a channel may hold, so that no server cuts what it passes on.
 *
 * @param nick that it is said as
 */
export function lineLimits(connection: Connection, ircChannel: string, nick = connection.nick): LineLimits {
  const head = ":".length + nick.length + " PRIVMSG ".length + ircChannel.length + " :".length + MASK_BYTES;
  const tagBytes = connection.allowsTag(DATA_TAG.slice(1)) ? TAG_BYTES : 0;
  return {
    textBytes: LINE_BYTES - head,
    tagBytes,
    multiline: multilineLimits(connection.capability("draft/multiline")),
  };
}

/** The lines as they are written, without their line ends. */
export function privmsg(ircChannel: string, line: Line): readonly string[] {
  const all: string[] = [];
  if (line.label !== undefined) all.push(`label=${line.label}`);
  if (line.tag !== undefined) all.push(`${DATA_TAG}=${MessageTags.encodeValue(line.tag)}`);
  const tags = all.length === 0 ? "" : `@${all.join(";")} `;
  if (line.relay !== undefined) return [`${tags}RELAYMSG ${ircChannel} ${line.relay} :${line.text}`];
  if (line.pieces === undefined) return [`${tags}PRIVMSG ${ircChannel} :${line.text}`];
  // They are written at once, so that one name does for all batches.
  const pieces = line.pieces.map(({ text, isContinued }) => {
    return `@batch=m${isContinued ? ";draft/multiline-concat" : ""} PRIVMSG ${ircChannel} :${text}`;
  });
  return [`${tags}BATCH +m draft/multiline ${ircChannel}`, ...pieces, "BATCH -m"];
}

/** What they take on the wire. */
export function bytesOf(wires: readonly string[]): number {
  return wires.reduce((sum, wire) => sum + Buffer.byteLength(wire) + 2, 0);
}
