import type { Logger } from "pino";
import type { Ending } from "./endings.ts";
import { hintFor, numericOf } from "./replies.ts";

/** More would be made from input. */
const MAX_TOLD = 1_000;

/** What the operator is told once each, until it is over. */
export class Notices {
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param key what is the same is told once; when too much was told, all may be told again */
  warn(key: string, detail: Readonly<Record<string, unknown>>, text: string): void {
    if (this.#told.has(key)) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(key);
    this.#log.warn(detail, text);
  }

  /** A connection ended. One that had been good for a while begins a new story. */
  ended({ reason, kind, hint, wasStable }: Ending, detail: Readonly<Record<string, unknown>>, text: string): void {
    if (wasStable) this.forget("ended ");
    this.warn(`ended ${kind ?? reason}`, { ...detail, reason, ...(hint === null ? {} : { hint }) }, text);
  }

  /** The server said no. Once for each channel and reason: browsers may ask again and again. */
  refused(what: "join" | "message", channel: string, ircChannel: string, reason: string): void {
    const numeric = numericOf(reason);
    const hint = hintFor(numeric);
    const detail = { channel, ircChannel, reason, ...(hint === null ? {} : { hint }) };
    this.warn(`${what} ${channel} ${numeric}`, detail, `${what} refused by the server`);
  }

  /** What begins like this is over: the next time it is told again. */
  forget(prefix: string): void {
    for (const key of this.#told) if (key.startsWith(prefix)) this.#told.delete(key);
  }
}
