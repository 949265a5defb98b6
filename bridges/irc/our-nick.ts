import type { Logger } from "pino";
import type { IrcConfig } from "./config.ts";
import { foldAscii } from "./names.ts";

/** What asking for a nick that is taken or not allowed is answered with. */
const REFUSALS = new Set("432 433 436 437 438 447 484".split(" "));

/** What keeping a nick needs. */
export interface OurNickParts {
  readonly config: IrcConfig;
  /** Those that other bridges know us by, best first. */
  readonly candidates: readonly string[];
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** The nick of one connection, as the server spells it; asked for again when somebody renames us, after a collision for instance. */
export class OurNick {
  readonly #parts: OurNickParts;
  #nick = "";
  /** When we ask again; null while we have one of ours. */
  #askAtMs: number | null = null;

  constructor(parts: OurNickParts) {
    this.#parts = parts;
  }

  get value(): string {
    return this.#nick;
  }

  is(nick: string): boolean {
    return this.#nick !== "" && foldAscii(nick) === foldAscii(this.#nick);
  }

  /** @param nick as the server welcomes us; empty while it has not */
  set(nick: string): void {
    this.#nick = nick;
    this.#askAtMs = null;
  }

  /** Somebody is renamed. */
  onNick(from: string, to: string): void {
    if (!this.is(from) || to === "") return;
    const { candidates, config, log, now } = this.#parts;
    this.#nick = to;
    if (candidates.some((candidate) => foldAscii(candidate) === foldAscii(to))) {
      this.#askAtMs = null;
      return;
    }
    if (this.#askAtMs === null) {
      const hint = "give each bridge its own bridge.node, and reserve its nicks";
      log.warn({ nick: to, wanted: candidates[0], hint }, "renamed by the server, asking for our nick again");
    }
    this.#askAtMs = now() + config.pingIntervalMs;
  }

  /** True for the answer to a nick that we asked for: it is about nothing else. */
  isRefusal(command: string): boolean {
    return this.#askAtMs !== null && REFUSALS.has(command);
  }

  /** @returns the nick to ask for now, or null */
  due(nowMs: number): string | null {
    if (this.#askAtMs === null || nowMs < this.#askAtMs) return null;
    const { candidates, config, random } = this.#parts;
    this.#askAtMs = nowMs + config.rejoinIntervalMs;
    // Any of ours will do; one that is free is found in time.
    return candidates[Math.floor(random() * candidates.length)] ?? null;
  }
}
