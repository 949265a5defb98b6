import { foldAscii } from "./names.ts";

/** RFC 1459 servers allow nine characters; some still do. */
const SHORT_NICK = 9;
const MAX_UNDERSCORES = 3;
const BRIDGE_SUFFIX = /^\d+(?:[rs]\d+|m)?_{0,3}$/;
const RECEIVER_SUFFIX = /^\d+(?:r\d+)?_{0,3}$/;
const MARKER_SUFFIX = /^\d+m_{0,3}$/;

/**
 * Lists the nicks to try, best first. The node's number makes them unique over a network of linked servers.
 *
 * @param stem the configured first part, without digits
 * @param suffix `"1"` for the receiving connection of node 1, `"1r2"` for a further one, `"1s2"` for its second sending one, `"1m"` for the one that marks
 */
export function nickCandidates(stem: string, suffix: string): readonly string[] {
  const candidates = new Set<string>();
  for (let underscores = 0; underscores <= MAX_UNDERSCORES; underscores += 1) {
    const tail = suffix + "_".repeat(underscores);
    candidates.add(stem + tail);
    if (tail.length < SHORT_NICK) candidates.add(stem.slice(0, SHORT_NICK - tail.length) + tail);
  }
  return [...candidates];
}

/** Makes a test for nicks of bridges (ours and others') that were configured with the same stem. */
export function bridgeNickTest(stem: string): (nick: string) => boolean {
  return nickTest(stem, BRIDGE_SUFFIX);
}

/** The same for their receiving connections only. */
export function receiverNickTest(stem: string): (nick: string) => boolean {
  return nickTest(stem, RECEIVER_SUFFIX);
}

/** The same for the connections that mark places. */
export function markerNickTest(stem: string): (nick: string) => boolean {
  return nickTest(stem, MARKER_SUFFIX);
}

function nickTest(stem: string, suffix: RegExp): (nick: string) => boolean {
  const full = foldAscii(stem);
  return (nick) => {
    const folded = foldAscii(nick);
    if (folded.startsWith(full)) return suffix.test(folded.slice(full.length));
    if (folded.length !== SHORT_NICK) return false;
    const tail = /\d.*$/.exec(folded)?.[0] ?? "";
    return suffix.test(tail) && tail.length < SHORT_NICK && full.startsWith(folded.slice(0, -tail.length));
  };
}
