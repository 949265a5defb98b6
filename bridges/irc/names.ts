import { createHash } from "node:crypto";

/** A Bayeux channel as IRC calls it. */
export interface IrcName {
  readonly ircChannel: string;
  /** True: the name was too long for the server and ends in a hash; it cannot be decoded. */
  readonly isCut: boolean;
}

const PLAIN = /[a-z0-9\-_!()$]/;
const HASH_LENGTH = 12;
const SHORTEST_LIMIT = HASH_LENGTH + 4;
const RFC1459_PAIRS: Readonly<Record<string, string>> = { "[": "{", "]": "}", "\\": "|", "^": "~" };

/**
 * Turns a Bayeux channel into an IRC channel name: `/chat/Room1` is `#chat.+room1`.
 *
 * @param channel concrete name that begins with `/`
 * @param maxLength the server's CHANNELLEN, the `#` included
 * @returns null for what is not a channel
 */
export function encodeName(channel: string, maxLength: number): IrcName | null {
  if (!channel.startsWith("/") || channel.length < 2 || !channel.isWellFormed()) return null;
  const full = `#${escapeBody(channel.slice(1))}`;
  if (full.length <= maxLength) return { ircChannel: full, isCut: false };
  const hash = createHash("sha256").update(channel).digest("hex").slice(0, HASH_LENGTH);
  const kept = Math.max(maxLength, SHORTEST_LIMIT) - HASH_LENGTH - 2;
  return { ircChannel: `${full.slice(0, kept)}=~${hash}`, isCut: true };
}

/**
 * Turns an IRC channel name, in any letter case, into a Bayeux channel.
 *
 * @returns null for a name that no Bayeux channel has (a cut one, for instance)
 */
export function decodeName(ircChannel: string): string | null {
  if (!ircChannel.startsWith("#")) return null;
  const folded = foldName(ircChannel);
  const channel = `/${unescapeBody(folded.slice(1))}`;
  const again = encodeName(channel, Number.POSITIVE_INFINITY);
  return again?.ircChannel === folded ? channel : null;
}

/**
 * One spelling for all that a server takes for the same name. ASCII is enough whatever the server's CASEMAPPING: our
 * names hold only `a-z 0-9 - _ ! ( ) $ . + = ~ #`, and of these RFC 1459 pairs none but the letters, and `~` with `^`.
 * Aliases may hold more, so its other pairs are folded too.
 */
export function foldName(name: string): string {
  return foldAscii(name).replace(/[[\]\\^]/g, (sign) => RFC1459_PAIRS[sign] ?? sign);
}

/** Lower-cases the ASCII letters, and nothing else. */
export function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function escapeBody(body: string): string {
  let escaped = "";
  for (const character of body) {
    if (PLAIN.test(character)) escaped += character;
    else if (character === "/") escaped += ".";
    else if (character >= "A" && character <= "Z") escaped += `+${character.toLowerCase()}`;
    else for (const byte of Buffer.from(character)) escaped += `=${byte.toString(16).padStart(2, "0")}`;
  }
  return escaped;
}

function unescapeBody(body: string): string {
  const bytes: number[] = [];
  for (const [token] of body.matchAll(/=[0-9a-f]{2}|\+[a-z]|[^]/gu)) {
    if (token === ".") bytes.push(0x2f);
    else if (token.length === 3 && token.startsWith("=")) bytes.push(Number.parseInt(token.slice(1), 16));
    else if (token.length === 2 && token.startsWith("+")) bytes.push(token.charCodeAt(1) - 32);
    else bytes.push(...Buffer.from(token));
  }
  return Buffer.from(bytes).toString("utf8");
}
