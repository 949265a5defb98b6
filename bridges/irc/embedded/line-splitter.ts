/** What `LineSplitter.next` gives in place of a line that was longer than its bound. */
export const TOO_LONG = Symbol("line too long");

/** One line without its end, each character one byte (latin1), or the sign that it was too long. */
export type Line = string | typeof TOO_LONG;

/**
 * Cuts a byte stream into lines. CR, LF and CRLF all end a line, so none of them can be inside one; empty lines vanish.
 * Bytes are kept as latin1 characters: what is not UTF-8 passes through unchanged, and length is bytes.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #lineEnd = /[\r\n]/g;
  #text = "";
  #lineStart = 0;
  #isDiscarding = false;

  /** @param maxBytes longest line kept, tags included, without its end */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait to be asked for, or for the end of their line. */
  get heldBytes(): number {
    return this.#text.length - this.#lineStart;
  }

  push(bytes: Buffer): void {
    this.#text = this.#text.slice(this.#lineStart) + bytes.toString("latin1");
    // The search goes on where it stopped: a peer that sends byte by byte must not make it quadratic.
    this.#lineEnd.lastIndex = Math.max(0, this.#lineEnd.lastIndex - this.#lineStart);
    this.#lineStart = 0;
  }

  /** @returns undefined when no complete line is left */
  next(): Line | undefined {
    for (;;) {
      const searchFrom = Math.max(this.#lineEnd.lastIndex, this.#lineStart);
      this.#lineEnd.lastIndex = searchFrom;
      const end = this.#lineEnd.exec(this.#text)?.index;
      if (end === undefined) {
        this.#keepUnfinished();
        return undefined;
      }
      const line = this.#text.slice(this.#lineStart, end);
      const wasDiscarding = this.#isDiscarding;
      this.#isDiscarding = false;
      this.#lineStart = end + 1;
      if (wasDiscarding || line.length > this.#maxBytes) return TOO_LONG;
      if (line !== "") return line;
    }
  }

  clear(): void {
    this.#text = "";
    this.#lineStart = 0;
    this.#lineEnd.lastIndex = 0;
    this.#isDiscarding = false;
  }

  #keepUnfinished(): void {
    this.#text = this.#text.slice(this.#lineStart);
    this.#lineStart = 0;
    if (this.#text.length > this.#maxBytes) this.#isDiscarding = true;
    if (this.#isDiscarding) this.#text = "";
    this.#lineEnd.lastIndex = this.#text.length;
  }
}
