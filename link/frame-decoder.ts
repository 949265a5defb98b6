import { decode } from "./codec.ts";
import { LinkError } from "./errors.ts";
import { RecipientReader } from "./recipients.ts";
import { type Vocabulary, type WireFrame, padded } from "./wire.ts";

const LENGTH_FIELD = 4;
const MIN_LENGTH = 4;

/** A frame in progress up to this length is gathered in a buffer that is used again: garbage of that size is dear. */
const REUSED_BYTES = 262_144;

/** Up to here a payload is copied out of the reused buffer; a larger one takes the buffer with it. */
const SMALL_PAYLOAD = 4_096;

/** Cuts a stream of bytes into frames, whatever the chunks it comes in. */
export class FrameDecoder {
  /** Limit for the length field; it may be changed between two frames, also during a callback. */
  maxFrameBytes: number;
  /** Whose frames the peer may send; it may be changed likewise. */
  from: Vocabulary;
  readonly #reader = new RecipientReader();
  readonly #lengthField = Buffer.alloc(LENGTH_FIELD);
  /** Bytes of the frame in progress that have come. */
  #filled = 0;
  /** Where the frame in progress is gathered, once its length is known. */
  #partial: Buffer | null = null;
  /** Bytes of the frame in progress, padding included. */
  #needed = 0;
  #reused = Buffer.alloc(0);
  #failure: LinkError | null = null;

  constructor(from: Vocabulary, maxFrameBytes: number) {
    this.from = from;
    this.maxFrameBytes = maxFrameBytes;
  }

  /**
   * Takes the next bytes and hands on every frame that is whole.
   *
   * A fault of the peer is returned, not thrown, so that what is thrown comes from `onFrame` alone.
   * @returns what was wrong, then and at every later call; null while all is well
   */
  push(chunk: Buffer, onFrame: (frame: WireFrame) => void): LinkError | null {
    let offset = this.#filled === 0 ? 0 : this.#complete(chunk, onFrame);
    while (!this.#failure && chunk.length - offset >= LENGTH_FIELD) {
      const length = chunk.readUInt32LE(offset);
      if (!this.#accepts(length)) break;
      const next = offset + padded(LENGTH_FIELD + length);
      if (next > chunk.length) break;
      const frame = this.#decode(chunk, offset, length);
      if (!frame) break;
      offset = next;
      onFrame(frame);
    }
    if (!this.#failure && offset < chunk.length) this.#fill(chunk, offset);
    return this.#failure;
  }

  /** Goes on with the frame in progress. @returns how many bytes of the chunk were taken */
  #complete(chunk: Buffer, onFrame: (frame: WireFrame) => void): number {
    const taken = this.#fill(chunk, 0);
    const whole = this.#partial;
    if (!whole || this.#filled < this.#needed) return taken;
    this.#partial = null;
    this.#filled = 0;
    const frame = this.#decode(whole, 0, whole.readUInt32LE(0));
    if (frame) onFrame(this.#detach(frame));
    return taken;
  }

  /** Copies into the frame in progress, and no further than its end. @returns how many bytes were taken */
  #fill(chunk: Buffer, offset: number): number {
    let at = offset;
    if (!this.#partial) {
      const taken = chunk.copy(this.#lengthField, this.#filled, at, at + LENGTH_FIELD - this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < LENGTH_FIELD) return at - offset;
      const length = this.#lengthField.readUInt32LE(0);
      if (!this.#accepts(length)) return at - offset;
      this.#needed = padded(LENGTH_FIELD + length);
      this.#partial = this.#room(this.#needed);
      this.#lengthField.copy(this.#partial);
    }
    const taken = chunk.copy(this.#partial, this.#filled, at, at + this.#needed - this.#filled);
    this.#filled += taken;
    return at + taken - offset;
  }

  /** @returns a buffer of at least so many bytes, not from the pool, so that recipients are aligned in it */
  #room(bytes: number): Buffer {
    if (bytes > REUSED_BYTES) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#reused.length) this.#reused = Buffer.allocUnsafeSlow(bytes);
    return this.#reused;
  }

  /** Makes a frame's payload outlive the use of the reused buffer for another frame. */
  #detach(frame: WireFrame): WireFrame {
    if (!("payload" in frame) || frame.payload.buffer !== this.#reused.buffer) return frame;
    if (frame.payload.length <= SMALL_PAYLOAD) return { ...frame, payload: Buffer.from(frame.payload) };
    this.#reused = Buffer.alloc(0);
    return frame;
  }

  #accepts(length: number): boolean {
    if (length > this.maxFrameBytes) {
      this.#failure = new LinkError("tooLarge", `a frame of ${length} bytes; the limit is ${this.maxFrameBytes}`);
    } else if (length < MIN_LENGTH) {
      this.#failure = new LinkError("malformed", `a frame of ${length} bytes is too short to have a kind`);
    }
    return !this.#failure;
  }

  #decode(bytes: Buffer, offset: number, length: number): WireFrame | null {
    const start = offset + LENGTH_FIELD;
    const end = start + length;
    for (let at = end; at < offset + padded(LENGTH_FIELD + length); at++) {
      if (bytes[at] !== 0) {
        this.#failure = new LinkError("malformed", "the padding after a frame is not zero");
        return null;
      }
    }
    try {
      return decode(bytes, start, length, this.from, this.#reader);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#failure = error;
      return null;
    }
  }
}
