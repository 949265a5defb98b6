import {
  areRequestFlags,
  contextBytes,
  contextBytesOf,
  contextFlags,
  readContext,
  writeContext,
} from "./context-codec.ts";
import { LinkError } from "./errors.ts";
import { type RecipientReader, writeRecipients } from "./recipients.ts";
import { FLAG, KIND, MAX_CONTROL_BYTES, type Vocabulary, type WireFrame, padded } from "./wire.ts";

/** Length, kind, flags, route. */
const HEADER = 8;
const CONNECTION_HEAD = HEADER + 4;
const DELIVER_HEAD = HEADER + 12;
const RELEASE_HEAD = HEADER + 4;
const TWO_32 = 2 ** 32;
const NOTHING = Buffer.alloc(0);
/** A reason is a sentence. */
const MAX_GOODBYE_BYTES = 1_024;

/** @returns how many bytes of a frame come before its payload, the length field included */
export function headBytes(frame: WireFrame): number {
  switch (frame.type) {
    case "deliver":
      return DELIVER_HEAD + 4 * frame.recipients.length;
    case "release":
      return RELEASE_HEAD + 4 * frame.recipients.length;
    case "request":
      return CONNECTION_HEAD + contextBytes(frame.context);
    case "answer":
    case "hold":
    case "dispatch":
    case "closed":
    case "pause":
    case "resume":
    case "refused":
    case "freed":
      return CONNECTION_HEAD;
    case "challenge":
    case "hello":
    case "welcome":
    case "refuse":
    case "ping":
    case "pong":
    case "goodbye":
    case "control":
    case "surrender":
    case "tickets":
    case "said":
    case "reached":
    case "claim":
      return HEADER;
  }
}

/** @returns the bytes that end the frame, empty where its kind has none */
export function payloadOf(frame: WireFrame): Buffer {
  return "payload" in frame ? frame.payload : NOTHING;
}

/**
 * Writes all of a frame but its payload and padding.
 *
 * @throws RangeError where a number does not fit its field, which is a bug of ours
 */
export function writeHead(frame: WireFrame, payloadBytes: number, target: Buffer, at: number): void {
  switch (frame.type) {
    case "deliver": {
      const { recipients, seq } = frame;
      if (!Number.isSafeInteger(seq) || seq < 0) throw new RangeError(`seq ${seq} is not a safe whole number`);
      writeHeader(target, at, DELIVER_HEAD + 4 * recipients.length + payloadBytes, KIND.deliver, 0, 0);
      target.writeUInt32LE(seq % TWO_32, at + HEADER);
      target.writeUInt32LE(Math.floor(seq / TWO_32), at + HEADER + 4);
      target.writeUInt32LE(recipients.length, at + HEADER + 8);
      writeRecipients(target, at + DELIVER_HEAD, recipients);
      return;
    }
    case "release": {
      const { recipients } = frame;
      const flags = frame.isFinal ? FLAG.isFinal : 0;
      writeHeader(target, at, RELEASE_HEAD + 4 * recipients.length + payloadBytes, KIND.release, flags, 0);
      target.writeUInt32LE(recipients.length, at + HEADER);
      writeRecipients(target, at + RELEASE_HEAD, recipients);
      return;
    }
    case "request": {
      const { context, route } = frame;
      const flags = (frame.isSocket ? FLAG.isSocket : 0) | (frame.mayHold ? FLAG.mayHold : 0) | contextFlags(context);
      if (route === 0) throw new RangeError("a route is a number from 1");
      writeHeader(target, at, CONNECTION_HEAD + contextBytes(context) + payloadBytes, KIND.request, flags, route);
      target.writeUInt32LE(frame.connection, at + HEADER);
      writeContext(context, target, at + CONNECTION_HEAD);
      return;
    }
    case "answer":
      writeHeader(target, at, CONNECTION_HEAD + payloadBytes, KIND.answer, frame.isFinal ? FLAG.isFinal : 0, 0);
      target.writeUInt32LE(frame.connection, at + HEADER);
      return;
    case "hold":
    case "dispatch":
    case "closed":
    case "pause":
    case "resume":
    case "refused":
    case "freed":
      writeHeader(target, at, CONNECTION_HEAD + payloadBytes, KIND[frame.type], 0, 0);
      target.writeUInt32LE(frame.connection, at + HEADER);
      return;
    case "challenge":
    case "hello":
    case "welcome":
    case "refuse":
    case "ping":
    case "pong":
    case "goodbye":
    case "surrender":
    case "tickets":
    case "said":
    case "reached":
    case "claim":
    case "control":
      if (frame.type === "control" && payloadBytes > MAX_CONTROL_BYTES)
        throw new RangeError(`a control frame of ${payloadBytes} bytes; the limit is ${MAX_CONTROL_BYTES}`);
      writeHeader(target, at, HEADER + payloadBytes, KIND[frame.type], 0, 0);
  }
}

/** Encodes one frame, padding included, as one buffer of its own; a link writes many into one, see `outbox.ts`. */
export function encode(frame: WireFrame): Buffer {
  const head = headBytes(frame);
  const payload = payloadOf(frame);
  const bytes = Buffer.alloc(padded(head + payload.length));
  writeHead(frame, payload.length, bytes, 0);
  bytes.set(payload, head);
  return bytes;
}

/**
 * Decodes one whole frame.
 *
 * @param bytes where the frame is; the payload of the result is a view of it, but for `hold`, which is kept long
 * @param start of the kind byte
 * @param length as the length field told it: without itself and without padding; at least 4
 * @param from whose frames the peer may send, beside the link's own
 * @throws LinkError malformed, direction
 */
export function decode(
  bytes: Buffer,
  start: number,
  length: number,
  from: Vocabulary,
  reader: RecipientReader,
): WireFrame {
  const word = bytes.readUInt32LE(start);
  const kind = word & 0xff;
  const flags = (word >>> 8) & 0xff;
  const route = word >>> 16;
  const end = start + length;
  if ((kind === KIND.control || kind >= KIND.request) && vocabularyOf(kind) !== from) {
    const where = from === "control" ? "here nobody may" : `a ${from} may not`;
    throw new LinkError("direction", `${where} send a frame of kind 0x${kind.toString(16)}`);
  }
  switch (kind) {
    case KIND.deliver: {
      check(flags === 0 && route === 0 && length >= 16, "deliver", length);
      const count = bytes.readUInt32LE(start + 12);
      const payloadAt = start + 16 + 4 * count;
      check(payloadAt <= end, "deliver", length);
      const seq = bytes.readUInt32LE(start + 8) * TWO_32 + bytes.readUInt32LE(start + 4);
      check(seq <= Number.MAX_SAFE_INTEGER, "deliver", length);
      const recipients = reader.read(bytes, start + 16, count);
      return { type: "deliver", seq, recipients, payload: bytes.subarray(payloadAt, end) };
    }
    case KIND.release: {
      check(flags <= FLAG.isFinal && route === 0 && length >= 8, "release", length);
      const count = bytes.readUInt32LE(start + 4);
      const payloadAt = start + 8 + 4 * count;
      check(payloadAt <= end, "release", length);
      const recipients = reader.read(bytes, start + 8, count);
      return { type: "release", isFinal: flags !== 0, recipients, payload: bytes.subarray(payloadAt, end) };
    }
    case KIND.request: {
      const payloadAt = start + 8 + contextBytesOf(flags);
      check(areRequestFlags(flags) && route !== 0 && payloadAt <= end, "request", length);
      const connection = bytes.readUInt32LE(start + 4);
      const isSocket = (flags & FLAG.isSocket) !== 0;
      const mayHold = (flags & FLAG.mayHold) !== 0;
      const context = readContext(bytes, start + 8, flags);
      const payload = bytes.subarray(payloadAt, end);
      return { type: "request", connection, route, isSocket, mayHold, context, payload };
    }
    case KIND.answer: {
      check(flags <= FLAG.isFinal && route === 0 && length >= 8, "answer", length);
      const connection = bytes.readUInt32LE(start + 4);
      return { type: "answer", connection, isFinal: flags !== 0, payload: bytes.subarray(start + 8, end) };
    }
    case KIND.dispatch:
      check(flags === 0 && route === 0 && length >= 8, "dispatch", length);
      return {
        type: "dispatch",
        connection: bytes.readUInt32LE(start + 4),
        payload: bytes.subarray(start + 8, end),
      };
    case KIND.hold: {
      check(flags === 0 && route === 0 && length >= 8, "hold", length);
      // A view would keep the whole received chunk in memory for as long as the poll is held.
      const payload = Buffer.from(bytes.subarray(start + 8, end));
      return { type: "hold", connection: bytes.readUInt32LE(start + 4), payload };
    }
    case KIND.closed:
      return { type: "closed", connection: onlyConnection(bytes, start, length, word, "closed") };
    case KIND.pause:
      return { type: "pause", connection: onlyConnection(bytes, start, length, word, "pause") };
    case KIND.resume:
      return { type: "resume", connection: onlyConnection(bytes, start, length, word, "resume") };
    case KIND.refused:
      return { type: "refused", connection: onlyConnection(bytes, start, length, word, "refused") };
    case KIND.freed:
      return { type: "freed", connection: onlyConnection(bytes, start, length, word, "freed") };
    case KIND.ping:
    case KIND.pong: {
      const type = kind === KIND.ping ? "ping" : "pong";
      check(word === kind && length === 4, type, length);
      return { type };
    }
    case KIND.goodbye:
      check(word === kind && length <= MAX_GOODBYE_BYTES, "goodbye", length);
      return { type: "goodbye", payload: bytes.subarray(start + 4, end) };
    case KIND.control:
      check(word === kind && length <= 4 + MAX_CONTROL_BYTES, "control", length);
      return { type: "control", payload: bytes.subarray(start + 4, end) };
    case KIND.surrender:
    case KIND.tickets:
    case KIND.said:
    case KIND.reached:
    case KIND.claim: {
      const type = NOTE_TYPES[kind];
      check(word === kind, type, length);
      return { type, payload: bytes.subarray(start + 4, end) };
    }
    case KIND.challenge:
    case KIND.hello:
    case KIND.welcome:
    case KIND.refuse: {
      const type = HELLO_TYPES[kind];
      check(word === kind, type, length);
      return { type, payload: bytes.subarray(start + 4, end) };
    }
    default:
      throw new LinkError("malformed", `there is no frame of kind 0x${kind.toString(16)}`);
  }
}

function vocabularyOf(kind: number): Vocabulary {
  if (kind === KIND.control) return "control";
  return kind < KIND.answer ? "dispatcher" : "bridge";
}

const NOTE_TYPES = {
  [KIND.surrender]: "surrender",
  [KIND.tickets]: "tickets",
  [KIND.said]: "said",
  [KIND.reached]: "reached",
  [KIND.claim]: "claim",
} as const;
const HELLO_TYPES = { 1: "challenge", 2: "hello", 3: "welcome", 4: "refuse" } as const;

function writeHeader(target: Buffer, at: number, bytes: number, kind: number, flags: number, route: number): void {
  target.writeUInt32LE(bytes - 4, at);
  target[at + 4] = kind;
  target[at + 5] = flags;
  target.writeUInt16LE(route, at + 6);
}

function onlyConnection(bytes: Buffer, start: number, length: number, word: number, type: string): number {
  check(word <= 0xff && length === 8, type, length);
  return bytes.readUInt32LE(start + 4);
}

function check(isRight: boolean, type: string, length: number): void {
  if (!isRight) throw new LinkError("malformed", `a ${type} frame of ${length} bytes has wrong fields`);
}
