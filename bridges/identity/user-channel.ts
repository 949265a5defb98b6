const PREFIX = "/user";
/** Where a session hears what apps have for its user alone: its own, for each who subscribes to it. */
export const DISPATCH_CHANNEL = PREFIX;

const PLAIN = /^[A-Za-z0-9\-_!()$@]$/;
const ESCAPE = /^(?:[A-Za-z0-9\-_!()$@]|~[0-9a-f]{2})+$/;

/** True for `/user` and everything below it: between one browser user and one person on the network. */
export function isUserChannel(name: string): boolean {
  return name === PREFIX || name.startsWith(`${PREFIX}/`);
}

/** True for what is below `/user`: between one browser user and one person, who is known to one bridge. */
export function isPrivateChannel(name: string): boolean {
  return isUserChannel(name) && name !== DISPATCH_CHANNEL;
}

/**
 * @param name a declared name, a nick or a JID
 * @returns its private channel: what no channel's name can have is `~` and two hexadecimal digits per byte of UTF-8
 */
export function userChannel(name: string): string {
  let segment = "";
  for (const character of name.toWellFormed()) {
    if (PLAIN.test(character)) segment += character;
    else for (const byte of Buffer.from(character)) segment += `~${byte.toString(16).padStart(2, "0")}`;
  }
  return `${PREFIX}/${segment}`;
}

/** The way back: `/user/bob@example~2eorg` → `bob@example.org`, or null for what `userChannel` does not make. */
export function userOf(channel: string): string | null {
  const segment = channel.slice(PREFIX.length + 1);
  if (!isUserChannel(channel) || !ESCAPE.test(segment)) return null;
  const bytes = segment.replace(/~([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const name = Buffer.from(bytes, "latin1").toString("utf8");
  return userChannel(name) === channel ? name : null;
}
