import { toJson } from "../json.ts";
import { printableName } from "../names.ts";
import { decodeLine, MAX_CHUNKS, type Line } from "./line.ts";
import { cut, spread, type MultilineLimits } from "./multiline.ts";

/** What a server lets through. */
export interface LineLimits {
  /** Bytes of text of one PRIVMSG to this channel. */
  readonly textBytes: number;
  /** Bytes of one client tag's escaped value; 0 where the server has no message tags. */
  readonly tagBytes: number;
  /** Of a message over several lines, where the server has them. */
  readonly multiline?: MultilineLimits | null;
}

/** Bytes of `~abcd 8192/8192 `. */
const CHUNK_HEAD_BYTES = 16;
const DELETE = "\x7f";
const SPACE = "\\u0020";
const [HEAD, TAIL] = ['{"text":"', '"}'];

/**
 * Turns a message into the lines that say it on IRC: readable where reading them back gives the same JSON.
 *
 * 1. `{"text": …}` as plain text, with `"action": true` as CTCP ACTION
 * 2. JSON in one line
 * 3. readable text, with the exact JSON in a tag, where the server has message tags
 * 4. the text or the JSON over several lines, where the server has `draft/multiline`
 * 5. else a sequence of chunks: `~id 1/3 piece`
 *
 * @param from the name that the publisher declared, put before the (first) line
 * @param chunkId four characters of [0-9a-z] that the next sequences of this sender do not bear
 * @returns null when the message cannot be said: too deep, or too many lines
 */
export function encodePayload(
  data: unknown,
  from: string | null,
  limits: LineLimits,
  chunkId: string,
): readonly Line[] | null {
  const json = toJson(data);
  return json === undefined ? null : encodeJson(json, { data, from }, limits, chunkId);
}

/**
 * The same, for whoever has the JSON already.
 *
 * @param json of `said.data`
 */
export function encodeJson(
  json: string,
  { data, from }: { readonly data: unknown; readonly from: string | null },
  limits: LineLimits,
  chunkId: string,
): readonly Line[] | null {
  const name = from === null ? null : printableName(from);
  const prefix = name === null ? "" : `<${name}> `;
  const text = textOf(data);
  const plain = plainForm(text, json, prefix);
  // Nothing in front that could mean something else, and nobody's tag: reading it back gives the same.
  const isSure = text !== null && plain?.text === prefix + text && !/^[<~{["]/.test(text);
  if (isSure && Buffer.byteLength(plain.text) <= limits.textBytes) return [plain];
  const candidates = [plain, /^[{["]/.test(json) ? { text: prefix + json } : null];
  const several = severalForm(text, json, prefix, limits);
  for (const line of candidates) {
    if (line === null || Buffer.byteLength(line.text) > limits.textBytes) continue;
    const hasBetter = (canTag(json, limits) && text !== null && isReadable(text)) || several?.text === prefix + text;
    const isRicher = text !== null && line.text === prefix + json && hasBetter;
    if (!isRicher && meansTheSame(line, json, name)) return [line];
  }
  const tagged = canTag(json, limits) ? taggedForm(text ?? json, json, prefix, limits.textBytes) : null;
  // What a person reads is whole in several lines, and may be in one with a tag.
  const isWhole = tagged?.text === prefix + (text ?? json);
  for (const line of isWhole ? [tagged, several] : [several, tagged]) {
    if (line !== null && meansTheSame(line, json, name)) return [line];
  }
  return chunkForm(json, prefix, limits.textBytes, chunkId);
}

/** Bytes that a value takes in a tag, where `;`, space, `\`, CR and LF take two. */
export function escapedTagBytes(value: string): number {
  return Buffer.byteLength(value) + (value.match(/[;\\ \r\n]/g)?.length ?? 0);
}

function textOf(data: unknown): string | null {
  if (typeof data !== "object" || data === null || !("text" in data)) return null;
  return typeof data.text === "string" ? data.text : null;
}

/** Servers and clients change what begins or ends with blanks, and act on control characters. */
function isReadable(text: string): boolean {
  return text !== "" && text.trim() === text && text.isWellFormed() && !/[\x00-\x1f\x7f]/.test(text);
}

function plainForm(text: string | null, json: string, prefix: string): Line | null {
  if (text === null) return null;
  // Nearly always, and at a fraction of what the rest costs: JSON had nothing to escape, so only this can be unreadable.
  const isVerbatim = text !== "" && isQuotedAsItIs(text, json) && !text.includes(DELETE) && text.trim() === text;
  if (isVerbatim) return { text: prefix + text };
  if (!isReadable(text)) return null;
  const quoted = JSON.stringify(text);
  if (json === `{"text":${quoted}}`) return { text: prefix + text };
  return json === `{"text":${quoted},"action":true}` ? { text: `\x01ACTION ${prefix}${text}\x01` } : null;
}

/** @returns whether the JSON is `{"text":"…"}` with the text itself, without making that string for each message */
function isQuotedAsItIs(text: string, json: string): boolean {
  if (json.length !== HEAD.length + text.length + TAIL.length) return false;
  return json.startsWith(HEAD) && json.startsWith(text, HEAD.length) && json.endsWith(TAIL);
}

function meansTheSame(line: Line, json: string, name: string | null): boolean {
  const decoded = decodeLine(line, true);
  return decoded.type === "data" && decoded.from === name && JSON.stringify(decoded.data) === json;
}

function canTag(json: string, limits: LineLimits): boolean {
  return escapedTagBytes(json) <= limits.tagBytes;
}

function taggedForm(readable: string, json: string, prefix: string, textBytes: number): Line | null {
  const clean = readable
    .toWellFormed()
    .replace(/[\s\x00-\x1f\x7f]+/gu, " ")
    .trim();
  const room = textBytes - Buffer.byteLength(prefix);
  const text = Buffer.byteLength(clean) <= room ? clean : `${cut(clean, room - 3).trimEnd()}…`;
  return text === "" || room < 4 ? null : { text: prefix + text, tag: json };
}

function severalForm(text: string | null, json: string, prefix: string, limits: LineLimits): Line | null {
  const { multiline = null, textBytes } = limits;
  if (multiline === null) return null;
  const isText = text !== null && isReadable(text.replaceAll("\n", "")) && text.trim() === text;
  const isAll = isText && json === JSON.stringify({ text });
  const tag = isText && !isAll && canTag(json, limits) ? json : undefined;
  // Numbers and the like have no second line.
  if (!isAll && tag === undefined && !/^[{["]/.test(json)) return null;
  const said = prefix + (isAll || tag !== undefined ? text : json);
  const pieces = spread(said, textBytes, multiline);
  return pieces === null || pieces.length === 1 ? null : { text: said, tag, pieces };
}

function chunkForm(json: string, prefix: string, textBytes: number, chunkId: string): readonly Line[] | null {
  const room = textBytes - CHUNK_HEAD_BYTES;
  const prefixBytes = Buffer.byteLength(prefix);
  // A piece holds at least one character (four bytes), and a blank at either end of it takes six.
  if (room - prefixBytes < 2 * SPACE.length + 4) return null;
  const pieces: string[] = [];
  let rest = json;
  while (rest !== "") {
    const own = room - (pieces.length === 0 ? prefixBytes : 0);
    // A server may drop blanks at the ends of a line; in JSON of ours they only stand inside strings.
    const piece = cut(rest, own - 2 * (SPACE.length - 1));
    pieces.push(piece.replace(/^ /, SPACE).replace(/ $/, SPACE));
    rest = rest.slice(piece.length);
    if (pieces.length > MAX_CHUNKS) return null;
  }
  return pieces.map((piece, index) => ({
    text: `${index === 0 ? prefix : ""}~${chunkId} ${index + 1}/${pieces.length} ${piece}`,
  }));
}
