import type { Framing } from "./framing.ts";

/** RFC 6455 §5.2: FIN and the opcode of a text frame, no mask (a server never masks). */
const FINAL_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_SHORT = 125;
const MAX_16 = 0xffff;
const TWO_32 = 2 ** 32;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

/** A ping without payload, RFC 6455 §5.5.2. */
export const PING_FRAME = Buffer.from([0x89, 0]);

/**
 * Encodes one unmasked text frame that holds a JSON array.
 *
 * @param parts ready messages, joined by commas; none of them is empty
 */
export function encodeArrayFrame(parts: readonly Buffer[]): Buffer {
  let length = 2 + Math.max(0, parts.length - 1);
  for (const part of parts) length += part.length;
  const header = length <= MAX_SHORT ? 2 : length <= MAX_16 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = FINAL_TEXT;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeUInt32BE(Math.floor(length / TWO_32), 2);
    frame.writeUInt32BE(length % TWO_32, 6);
  }
  let offset = header;
  frame[offset++] = OPEN;
  for (const [index, part] of parts.entries()) {
    if (index > 0) frame[offset++] = COMMA;
    frame.set(part, offset);
    offset += part.length;
  }
  frame[offset] = CLOSE;
  return frame;
}

/** How arrays are written on a WebSocket. */
export const TEXT_FRAMES: Framing = { encode: encodeArrayFrame };
