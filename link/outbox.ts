import { headBytes, payloadOf, writeHead } from "./codec.ts";
import { type WireFrame, padded } from "./wire.ts";

const SLAB_BYTES = 65_536;

/** From here on a payload is written from where it is: one part more costs less than its copy. */
const BIG_PAYLOAD = 16_384;

const ZEROS = Buffer.alloc(4);

/** Frames on their way to one write: small ones side by side in one slab, big payloads as parts of their own. */
export class Outbox {
  #slab = Buffer.alloc(0);
  /** The slab up to `#cut` is in `#parts` or was taken already; from there to `#end` it waits. */
  #cut = 0;
  #end = 0;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** Bytes that wait to be taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Encodes a frame behind those that wait.
   *
   * @param maxFrameBytes what the length field may say at most
   * @throws RangeError where the frame is larger, or a number does not fit its field
   */
  add(frame: WireFrame, maxFrameBytes: number): void {
    const head = headBytes(frame);
    const payload = payloadOf(frame);
    const end = head + payload.length;
    if (end - 4 > maxFrameBytes) throw new RangeError(`a frame of ${end - 4} bytes; the limit is ${maxFrameBytes}`);
    const total = padded(end);
    const isBig = payload.length > BIG_PAYLOAD;
    const at = this.#reserve(isBig ? head : total);
    const slab = this.#slab;
    writeHead(frame, payload.length, slab, at);
    if (isBig) {
      this.#end = at + head;
      this.#cutPart();
      this.#parts.push(payload);
      if (total > end) this.#parts.push(ZEROS.subarray(0, total - end));
    } else {
      slab.set(payload, at + head);
      if (total > end) slab.fill(0, at + end, at + total);
      this.#end = at + total;
    }
    this.#bytes += total;
  }

  /** @returns all that waits, in order, to be written at once; it must not be altered */
  take(): readonly Buffer[] {
    this.#cutPart();
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    return parts;
  }

  /** @returns where in the slab there is room for so many bytes */
  #reserve(bytes: number): number {
    if (this.#slab.length - this.#end < bytes) {
      this.#cutPart();
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
      this.#cut = 0;
      this.#end = 0;
    }
    return this.#end;
  }

  #cutPart(): void {
    if (this.#end > this.#cut) this.#parts.push(this.#slab.subarray(this.#cut, this.#end));
    this.#cut = this.#end;
  }
}
