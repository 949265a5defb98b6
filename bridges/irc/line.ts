import { parseJson } from "../json.ts";
import type { Piece } from "./multiline.ts";

/** Client tag that carries the exact JSON beside a readable text. */
export const DATA_TAG = "+tailspin/d";

/** What is said at once in a channel, as the server shows it: a line, or several where the server has `draft/multiline`. */
export interface Line {
  readonly text: string;
  /** Value of the tag `+tailspin/d`, unescaped. */
  readonly tag?: string | undefined;
  /** How a text with line breaks, or of more than a line, is written. */
  readonly pieces?: readonly Piece[] | undefined;
  /** The nick that it is said as, where that is not the connection's own. */
  readonly relay?: string | undefined;
  /** The server's answer to it bears this, where the server does that. */
  readonly label?: string | undefined;
}

/** A piece of a message that needed several lines. */
export interface Chunk {
  readonly id: string;
  /** 1…total */
  readonly number: number;
  readonly total: number;
  readonly piece: string;
}

/** What a line says. `from` is the name that a bridge put before it. */
export type Decoded =
  | { readonly type: "data"; readonly data: unknown; readonly from: string | null }
  | { readonly type: "chunk"; readonly chunk: Chunk; readonly from: string | null }
  /** A CTCP request other than ACTION: not for people to read. */
  | { readonly type: "nothing" };

/** More lines than the longest message needs on the narrowest server. */
export const MAX_CHUNKS = 8_192;

const ACTION = /^\x01ACTION ([^\x01]*)\x01?$/i;
const PREFIX = /^<([^<>\p{Cc}]{1,64})> (.*)$/su;
const CHUNK = /^~([0-9a-z]{4}) ([1-9]\d{0,3})\/([1-9]\d{0,3}) (.*)$/s;

/**
 * Reads one line of a channel.
 *
 * @param isBridge the sender is a bridge, so that `<alice> ` in front names the sender; from anybody else it is text
 */
export function decodeLine(line: Line, isBridge: boolean): Decoded {
  const isRequest = line.text.startsWith("\x01");
  const action = isRequest ? ACTION.exec(line.text)?.[1] : undefined;
  if (action === undefined && isRequest) return { type: "nothing" };
  const [from, body] = splitName(action ?? line.text, isBridge);
  const exact = line.tag === undefined ? undefined : parseJson(line.tag);
  if (exact !== undefined) return { type: "data", data: exact, from };
  if (action !== undefined) return { type: "data", data: { text: body, action: true }, from };
  const chunk = readChunk(body);
  if (chunk !== null) return { type: "chunk", chunk, from };
  return { type: "data", data: readData(body), from };
}

function splitName(text: string, isBridge: boolean): [from: string | null, body: string] {
  const match = isBridge && text.startsWith("<") ? PREFIX.exec(text) : null;
  return match === null ? [null, text] : [match[1] ?? null, match[2] ?? ""];
}

function readChunk(body: string): Chunk | null {
  if (!body.startsWith("~")) return null;
  const [, id, number, total, piece] = CHUNK.exec(body) ?? [];
  if (id === undefined || piece === undefined) return null;
  const chunk = { id, number: Number(number), total: Number(total), piece };
  return chunk.number <= chunk.total && chunk.total <= MAX_CHUNKS ? chunk : null;
}

function readData(body: string): unknown {
  const json = /^[{["]/.test(body) ? parseJson(body) : undefined;
  return json === undefined ? { text: body } : json;
}
