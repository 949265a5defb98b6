import type { ForeignNames } from "../naming.ts";
import { channelNamed, type Naming } from "../naming.ts";
import { decodeName, encodeName, foldName, type IrcName } from "./names.ts";

/** What a server may take; it refuses by itself what is too long for it. */
const MAX_ALIAS_LENGTH = 200;

/** How IRC writes channel names. */
export const ircNames: ForeignNames = {
  faultOf: (name) => {
    if (!/^[#&]./u.test(name)) return "it must begin with # or &, and go on";
    // RFC 2812 §1.3
    if (/[\0\u0007\r\n ,]/.test(name)) return "it must have no spaces, commas or control characters";
    if (Buffer.byteLength(name) > MAX_ALIAS_LENGTH) return `it must have at most ${MAX_ALIAS_LENGTH} bytes`;
    return null;
  },
  fold: foldName,
  encode: (local) => encodeName(local, Number.POSITIVE_INFINITY)?.ircChannel ?? "",
  decode: decodeName,
};

/**
 * The IRC channel of a Bayeux channel.
 *
 * @param maxLength the server's CHANNELLEN, the `#` included; an alias is never cut
 * @returns null for what is not a channel
 */
export function ircNameOf(channel: string, naming: Naming, maxLength: number): IrcName | null {
  const alias = naming.alias(channel);
  return alias === undefined ? encodeName(naming.local(channel), maxLength) : { ircChannel: alias, isCut: false };
}

/**
 * The Bayeux channel of an IRC channel that was found, in any letter case.
 *
 * @param topic where a cut name's whole name may stand, as its last word
 * @param maxLength the server's CHANNELLEN
 * @returns null for a channel that has no name here
 */
export function channelOfIrc(ircChannel: string, topic: string, maxLength: number, naming: Naming): string | null {
  const decode = (name: string): string | null => decodeName(name) ?? fromTopic(foldName(name), topic, maxLength);
  return channelNamed(ircChannel, naming, { fold: foldName, decode });
}

/** The name's hash proves that it is this channel's, and not somebody's words. */
function fromTopic(key: string, topic: string, maxLength: number): string | null {
  const name = topic.split(" ").at(-1) ?? "";
  const encoded = encodeName(name, maxLength);
  return encoded?.isCut === true && encoded.ircChannel === key ? name : null;
}
