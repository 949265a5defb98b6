import { LENGTHS } from "./limits.ts";

const NICK = /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]*$/;

/** CASEMAPPING=ascii: only A to Z have a lower case; bytes of UTF-8 are left alone. */
export function foldCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Whether a text may be a nick. */
export function isNick(text: string): boolean {
  return text.length <= LENGTHS.nick && NICK.test(text);
}

/** Whether a text may be a channel's name: `#` and anything but control characters, space and comma. */
export function isChannelName(text: string): boolean {
  if (!text.startsWith("#") || text.length < 2 || text.length > LENGTHS.channel) return false;
  for (let index = 1; index < text.length; index += 1) {
    const byte = text.charCodeAt(index);
    if (byte <= 0x20 || byte === 0x7f || byte === 0x2c) return false;
  }
  return true;
}

/** Makes a USER name safe to stand in a prefix; the tilde says that nobody vouches for it. */
export function toUserName(text: string): string {
  const clean = text.replace(/[^A-Za-z0-9._-]/g, "").slice(0, LENGTHS.user - 1);
  return `~${clean === "" ? "user" : clean}`;
}

/** Glob match with `*` and `?`, without regard to case, in time bounded by the product of both lengths. */
export function matchesMask(mask: string, text: string): boolean {
  const [pattern, subject] = [foldCase(mask), foldCase(text)];
  let [at, here, star, resume] = [0, 0, -1, 0];
  while (here < subject.length) {
    if (pattern[at] === "*") {
      star = at;
      resume = here;
      at += 1;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === subject[here])) {
      at += 1;
      here += 1;
    } else if (star !== -1) {
      resume += 1;
      [at, here] = [star + 1, resume];
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

/** Shortens bytes (latin1) to a length told in 005, not in the middle of a UTF-8 character. */
export function cut(text: string, maxBytes: number): string {
  if (text.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && (text.charCodeAt(end) & 0xc0) === 0x80) end -= 1;
  return text.slice(0, end);
}

/** The items of a comma-separated parameter, without empty ones. */
export function commaList(param: string | undefined): string[] {
  return (param ?? "").split(",").filter((item) => item !== "");
}

/** Joins words with spaces into as few texts as fit into `maxBytes` each. */
export function packWords(words: Iterable<string>, maxBytes: number): string[] {
  const texts: string[] = [];
  let text = "";
  for (const word of words) {
    if (text !== "" && text.length + 1 + word.length > maxBytes) {
      texts.push(text);
      text = word;
    } else {
      text = text === "" ? word : `${text} ${word}`;
    }
  }
  if (text !== "") texts.push(text);
  return texts;
}
