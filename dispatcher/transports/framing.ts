/** How arrays of messages are written on one kind of connection. One object for each kind: encodings are kept by it. */
export interface Framing {
  /** @param parts ready messages, joined by commas; none of them is empty */
  encode(parts: readonly Buffer[]): Buffer;
}

const COMMA = Buffer.from(",");

/** Makes a framing that only puts something before and after each array. */
export function framingOf(before: string, after: string): Framing {
  const open = Buffer.from(`${before}[`);
  const close = Buffer.from(`]${after}`);
  return {
    encode(parts) {
      const pieces: Buffer[] = [open];
      for (const [index, part] of parts.entries()) {
        if (index > 0) pieces.push(COMMA);
        pieces.push(part);
      }
      pieces.push(close);
      return Buffer.concat(pieces);
    },
  };
}
