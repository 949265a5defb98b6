import type { Connection } from "./connection.ts";
import type { Line } from "./line.ts";
import type { Outgoing } from "./outgoing.ts";
import { encodeJson } from "./payload.ts";
import { lineLimits } from "./privmsg.ts";
import type { Relay } from "./relay.ts";

/** What the wording of a message depends on. */
export interface WordingParts {
  readonly connection: Connection;
  readonly relay: Relay;
  readonly nextChunkId: () => string;
}

/**
 * The lines that say a message on a connection, in the browser's name where it may.
 *
 * @returns null for what cannot be said
 */
export function wordingOf({ ircChannel, json, publication }: Outgoing, parts: WordingParts): readonly Line[] | null {
  const { connection, relay, nextChunkId } = parts;
  const { data, from } = publication;
  const nick = relay.nickOf(from);
  if (nick !== null) {
    const limits = lineLimits(connection, ircChannel, nick);
    const lines = encodeJson(json, { data, from: null }, limits, nextChunkId());
    // Several lines at once cannot be relayed.
    if (lines?.every(({ pieces }) => pieces === undefined) === true)
      return lines.map((line) => labelled({ ...line, relay: nick }, parts));
  }
  const lines = encodeJson(json, { data, from }, lineLimits(connection, ircChannel), nextChunkId());
  const [first] = lines ?? [];
  return first?.pieces === undefined ? lines : [labelled(first, parts)];
}

/** For what is refused without the channel's name. An ordinary line's refusal has it, and an answer to each would be as much again to read. */
function labelled(line: Line, { connection, nextChunkId }: WordingParts): Line {
  return connection.capability("labeled-response") === null ? line : { ...line, label: nextChunkId() };
}
