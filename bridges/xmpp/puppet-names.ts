import { printableName } from "../names.ts";

const LOCAL_LENGTH = 40;
const NUMBERED_NICKS = 9;

/**
 * The first part of a puppet's JID: what everybody's server and client takes.
 *
 * @param isTaken of this component
 */
export function puppetLocal(name: string, isTaken: (local: string) => boolean): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, LOCAL_LENGTH);
  const stem = plain === "" ? "user" : plain;
  for (let number = 1; ; number += 1) {
    const local = number === 1 ? stem : `${stem}-${number}`;
    // The bridge itself is tailspin-1.
    if (!/^tailspin-\d+$/.test(local) && !isTaken(local)) return local;
  }
}

/**
 * Lists the nicks to try in a room, best first: the name as it was declared, unless it looks like a bridge's nick, whose word
 * about who published would be believed.
 *
 * @param isBridge true for nicks of bridges
 */
export function puppetNicks(name: string, isBridge: (nick: string) => boolean): readonly string[] {
  const first = printableName(name) ?? "user";
  const others = Array.from({ length: NUMBERED_NICKS - 1 }, (_, index) => `${first}-${index + 2}`);
  return [first, ...others].filter((nick) => !isBridge(nick));
}
