/** What is published: numbered, so that a subscriber can tell a loss from the bytes alone, without parsing JSON. */

const PAYLOAD_BYTES = 100;
const MARK = '{"text":"#';
const MARK_BYTES = Buffer.from(MARK);
const ZERO = 0x30;
const NINE = 0x39;

/** The line that a person on IRC would say. @param bytes of it, with `{"text":"…"}` around it */
export function lineOf(number: number, bytes = PAYLOAD_BYTES): string {
  return `#${number} `.padEnd(bytes - '{"text":""}'.length, "x");
}

/** The same as a browser would publish it. */
export function dataOf(number: number): string {
  return JSON.stringify({ text: lineOf(number) });
}

/**
 * Hands on the number of every message in a text.
 *
 * @returns how many there were
 */
export function scanNumbers(bytes: Buffer, start: number, end: number, onNumber: (number: number) => void): number {
  let count = 0;
  let at = bytes.indexOf(MARK_BYTES, start);
  while (at >= 0 && at < end) {
    at += MARK_BYTES.length;
    let number = 0;
    for (let digit = bytes[at] ?? 0; digit >= ZERO && digit <= NINE; digit = bytes[++at] ?? 0) {
      number = 10 * number + digit - ZERO;
    }
    count++;
    onNumber(number);
    // A message is longer than this: no use in looking there for the next one.
    at += PAYLOAD_BYTES / 2;
    at = at < end ? bytes.indexOf(MARK_BYTES, at) : -1;
  }
  return count;
}
