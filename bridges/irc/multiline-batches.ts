import type { IrcLine } from "./irc-line.ts";

const TYPE = "draft/multiline";
const CONTINUED_TAG = "draft/multiline-concat";
const MAX_OPEN = 100;

interface Batch {
  readonly opening: IrcLine;
  readonly target: string;
  command: string;
  text: string | null;
  bytes: number;
}

/**
 * Makes one line of the several that a message was said on: with the tags of all of them, and line breaks in its text.
 *
 * @see https://ircv3.net/specs/extensions/multiline
 */
export class MultilineBatches {
  readonly #maxBytes: number;
  readonly #open = new Map<string, Batch>();

  /** @param maxBytes of one message; a longer one comes in pieces */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns the line itself where it has nothing to do with it, the message that it completes, or null */
  take(line: IrcLine): IrcLine | null {
    if (line.command === "BATCH") return this.#onBatch(line);
    if (this.#open.size === 0) return line;
    const id = line.tags["batch"];
    const batch = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined || batch === undefined) return line;
    const text = line.params[1] ?? "";
    const isContinued = CONTINUED_TAG in line.tags;
    batch.command = line.command;
    batch.text = batch.text === null ? text : batch.text + (isContinued ? "" : "\n") + text;
    batch.bytes += Buffer.byteLength(text) + 1;
    if (batch.bytes <= this.#maxBytes) return null;
    // What is still to come of it comes line by line.
    this.#open.delete(id);
    return whole(batch);
  }

  #onBatch(line: IrcLine): IrcLine | null {
    const [reference = "", type, target = ""] = line.params;
    const id = reference.slice(1);
    if (reference.startsWith("+")) {
      if (type !== TYPE || this.#open.size >= MAX_OPEN) return line;
      this.#open.set(id, { opening: line, target, command: "PRIVMSG", text: null, bytes: 0 });
      return null;
    }
    const batch = this.#open.get(id);
    if (batch === undefined) return line;
    this.#open.delete(id);
    return whole(batch);
  }
}

function whole({ opening, target, command, text }: Batch): IrcLine | null {
  return text === null ? null : { ...opening, command, params: [target, text] };
}
