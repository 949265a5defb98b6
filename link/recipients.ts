import { endianness } from "node:os";

/** Up to here, copying number by number is cheaper than making a view. */
const FEW = 16;

/** Copies up to this size are made into a buffer that is used again. */
const REUSED_BYTES = 262_144;

const HOST_IS_LITTLE_ENDIAN = endianness() === "LE";

/** Writes recipients as packed little-endian u32. */
export function writeRecipients(
  target: Buffer,
  at: number,
  recipients: Uint32Array,
  isLittleEndian = HOST_IS_LITTLE_ENDIAN,
): void {
  if (recipients.length > FEW && isLittleEndian) {
    target.set(new Uint8Array(recipients.buffer, recipients.byteOffset, recipients.byteLength), at);
    return;
  }
  let offset = at;
  for (const recipient of recipients) offset = target.writeUInt32LE(recipient, offset);
}

/** Reads packed recipients: in place where alignment and byte order allow it, else as a copy. */
export class RecipientReader {
  readonly #isLittleEndian: boolean;
  /** Arrays of 0…FEW numbers, used again for every frame: an array is valid only during one callback. */
  readonly #few: Uint32Array[] = Array.from({ length: FEW + 1 }, (_, length) => new Uint32Array(length));

  #reused = Buffer.alloc(0);

  constructor(isLittleEndian = HOST_IS_LITTLE_ENDIAN) {
    this.#isLittleEndian = isLittleEndian;
  }

  /** @returns numbers that are valid until the next call */
  read(source: Buffer, at: number, count: number): Uint32Array {
    const few = this.#few[count];
    if (few || !this.#isLittleEndian) return readEach(source, at, few ?? new Uint32Array(count));
    const start = source.byteOffset + at;
    if ((start & 3) === 0) return new Uint32Array(source.buffer, start, count);
    const room = this.#room(4 * count);
    source.copy(room, 0, at, at + 4 * count);
    return new Uint32Array(room.buffer, room.byteOffset, count);
  }

  #room(bytes: number): Buffer {
    if (bytes > REUSED_BYTES) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#reused.length) this.#reused = Buffer.allocUnsafeSlow(bytes);
    return this.#reused;
  }
}

function readEach(source: Buffer, at: number, target: Uint32Array): Uint32Array {
  for (let index = 0, offset = at; index < target.length; index++, offset += 4) {
    target[index] = source.readUInt32LE(offset);
  }
  return target;
}
