import { decodeBody, encodeBody, foldAscii } from "../names.ts";

export { foldAscii };

/** A Bayeux channel as IRC calls it. */
export interface IrcName {
  readonly ircChannel: string;
  /** True: the name was too long for the server and ends in a hash; it cannot be decoded. */
  readonly isCut: boolean;
}

const RFC1459_PAIRS: Readonly<Record<string, string>> = { "[": "{", "]": "}", "\\": "|", "^": "~" };

/**
 * Turns a Bayeux channel into an IRC channel name: `/chat/Room1` is `#chat.+room1`.
 *
 * @param channel concrete name that begins with `/`
 * @param maxLength the server's CHANNELLEN, the `#` included
 * @returns null for what is not a channel
 */
export function encodeName(channel: string, maxLength: number): IrcName | null {
  const encoded = encodeBody(channel, maxLength - 1);
  return encoded === null ? null : { ircChannel: `#${encoded.body}`, isCut: encoded.isCut };
}

/**
 * Turns an IRC channel name, in any letter case, into a Bayeux channel.
 *
 * @returns null for a name that no Bayeux channel has (a cut one, for instance)
 */
export function decodeName(ircChannel: string): string | null {
  return ircChannel.startsWith("#") ? decodeBody(foldName(ircChannel).slice(1)) : null;
}

/**
 * One spelling for all that a server takes for the same name. ASCII is enough whatever the server's CASEMAPPING: our
 * names hold only `a-z 0-9 - _ ! ( ) $ . + = ~ #`, and of these RFC 1459 pairs none but the letters, and `~` with `^`.
 * Aliases may hold more, so its other pairs are folded too.
 */
export function foldName(name: string): string {
  // As in foldAscii: most are folded already. In ASCII the four signs come right after the letters.
  let index = 0;
  while (index < name.length && !isFoldable(name.charCodeAt(index))) index += 1;
  if (index === name.length) return name;
  return foldAscii(name).replace(/[[\]\\^]/g, (sign) => RFC1459_PAIRS[sign] ?? sign);
}

function isFoldable(code: number): boolean {
  return code >= 0x41 && code <= 0x5e;
}
