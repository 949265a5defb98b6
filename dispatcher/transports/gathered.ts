import type { Framing } from "./framing.ts";

/**
 * Messages that wait to leave together: a list that grows by making a longer one, which knows what it was made from.
 *
 * Connections that gathered the same messages hold the same object, so that they are encoded once for all connections
 * of a kind, and gathering makes one object per message and list, not per connection.
 */
export class Gathered {
  /** Bytes of all messages. */
  readonly bytes: number;
  readonly #payload: Buffer;
  readonly #before: Gathered | null;
  /** The first kind that asked, nearly always the only one. */
  #framing: Framing | null = null;
  #encoded: Buffer | null = null;
  #others: Map<Framing, Buffer> | null = null;
  #added: Gathered | null = null;
  #longer: Gathered | null = null;

  /** @param payload ready messages joined by commas, not empty */
  constructor(payload: Buffer, before: Gathered | null = null) {
    this.#payload = payload;
    this.#before = before;
    this.bytes = payload.length + (before?.bytes ?? 0);
  }

  /** @returns this list and one more message; the same object for everybody who adds the same message next */
  with(message: Gathered): Gathered {
    if (this.#added === message && this.#longer) return this.#longer;
    this.#added = message;
    this.#longer = new Gathered(message.#payload, this);
    return this.#longer;
  }

  /** @returns one array with all messages, encoded once for each framing */
  as(framing: Framing): Buffer {
    if (this.#framing === framing && this.#encoded) return this.#encoded;
    if (this.#framing) return this.#asOther(framing);
    this.#framing = framing;
    this.#encoded = framing.encode(this.#collect([]));
    return this.#encoded;
  }

  #asOther(framing: Framing): Buffer {
    this.#others ??= new Map();
    const known = this.#others.get(framing);
    if (known) return known;
    const encoded = framing.encode(this.#collect([]));
    this.#others.set(framing, encoded);
    return encoded;
  }

  /** As deep as the list is long, which the coalescer bounds. */
  #collect(payloads: Buffer[]): Buffer[] {
    if (this.#before) this.#before.#collect(payloads);
    payloads.push(this.#payload);
    return payloads;
  }
}
