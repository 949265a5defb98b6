import { foldAscii } from "../names.ts";

/** Longer ones are cut or refused by most servers. */
const FULL_LENGTH = 24;
/** RFC 1459 servers allow nine characters; some still do. */
const SHORT_LENGTH = 9;
const LAST_NUMBER = 9;

/** The nick that follows from a declared name, where nothing is in its way. */
export function plainNick(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9[\]\\`_^{|}-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  // RFC 2812 §2.3.1: neither a digit nor a hyphen comes first.
  const stem = /^\d/.test(plain) ? `_${plain}` : plain;
  return stem === "" ? "guest" : stem.slice(0, FULL_LENGTH);
}

/**
 * Lists the nicks to try for a declared name, best first.
 *
 * @param isBridge true for nicks of bridges, whose word about who published would be believed
 */
export function puppetNicks(name: string, isBridge: (nick: string) => boolean): readonly string[] {
  const full = plainNick(name);
  const candidates = new Set([full, full.slice(0, SHORT_LENGTH)]);
  for (let number = 2; number <= LAST_NUMBER; number += 1) {
    const tail = `_${number}`;
    candidates.add(full.slice(0, FULL_LENGTH - tail.length) + tail);
    candidates.add(full.slice(0, SHORT_LENGTH - tail.length) + tail);
  }
  return [...candidates].filter((nick) => !isBridge(nick));
}

/**
 * Whether a nick is what follows from a name, or another because somebody has that one.
 *
 * @param maxLength the server's NICKLEN; null where it does not tell
 */
export function isNickOf(nick: string, name: string, maxLength: number | null): boolean {
  const full = plainNick(name);
  const allowed =
    maxLength === null || full.length <= maxLength ? [full] : [full.slice(0, maxLength), full.slice(0, SHORT_LENGTH)];
  return allowed.some((one) => foldAscii(one) === foldAscii(nick));
}
