import { createHash } from "node:crypto";

const PLAIN = /[a-z0-9\-_!()$]/;
const HASH_LENGTH = 12;
const SHORTEST_LIMIT = HASH_LENGTH + 4;
const MAX_NAME_LENGTH = 64;

/** A channel's name in the spelling that IRC channels and XMPP rooms share. */
export interface Body {
  readonly body: string;
  /** True: the name was too long and ends in a hash; it cannot be decoded. */
  readonly isCut: boolean;
}

/**
 * Spells a Bayeux channel so that IRC and XMPP can carry it, lower-case throughout: `/chat/Room1` is `chat.+room1`.
 *
 * @param channel concrete name that begins with `/`
 * @param maxLength of the result, in characters, which are all ASCII
 * @returns null for what is not a channel
 */
export function encodeBody(channel: string, maxLength: number): Body | null {
  if (!channel.startsWith("/") || channel.length < 2 || !channel.isWellFormed()) return null;
  const full = escapeBody(channel.slice(1));
  if (full.length <= maxLength) return { body: full, isCut: false };
  const hash = createHash("sha256").update(channel).digest("hex").slice(0, HASH_LENGTH);
  const kept = Math.max(maxLength, SHORTEST_LIMIT) - HASH_LENGTH - 2;
  return { body: `${full.slice(0, kept)}=~${hash}`, isCut: true };
}

/** The way back, from a lower-case body; null for one that no Bayeux channel has (a cut one, for instance). */
export function decodeBody(body: string): string | null {
  const channel = `/${unescapeBody(body)}`;
  const again = encodeBody(channel, Number.POSITIVE_INFINITY);
  return again?.body === body ? channel : null;
}

/** Lower-cases the ASCII letters, and nothing else. */
export function foldAscii(text: string): string {
  // Most names are lower-case already, and this is asked several times for every message.
  let index = 0;
  while (index < text.length && !isUpper(text.charCodeAt(index))) index += 1;
  if (index === text.length) return text;
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Makes a publisher's name fit for the `<name> ` in front of what it says; null when nothing is left of it. */
export function printableName(name: string): string | null {
  const printable = name
    .toWellFormed()
    .replace(/[<>\p{Cc}\p{Zl}\p{Zp}\uFFFE\uFFFF]/gu, "")
    .trim();
  return printable === "" ? null : [...printable].slice(0, MAX_NAME_LENGTH).join("");
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
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
