import type { IrcLine } from "./connection.ts";
import { foldAscii, foldName } from "./names.ts";

/** What the watch on netsplits needs of the network around it. */
export interface NetsplitsParts {
  /** Channels of ours that somebody is in. */
  readonly channelsOf: (nick: string) => readonly string[];
  /** People are back from the other side of a split: what they said there meanwhile did not reach us, and never will. */
  readonly onHealed: (ircChannel: string, reason: string) => void;
  /** How many are remembered as gone, of all channels. */
  readonly maxGone: number;
}

/** The two servers between which the link broke, or what stands for them. People can write it too; then it is a false alarm. */
const SPLIT = /^[^\s.]+(\.[^\s.]+)+ [^\s.]+(\.[^\s.]+)+$/;

/**
 * Notices that linked servers had lost each other, by those who quit with the names of two servers and come back.
 *
 * Neither side's history has what was said on the other one.
 */
export class Netsplits {
  readonly #parts: NetsplitsParts;
  /** Folded channel → folded nick → why it is gone. */
  readonly #gone = new Map<string, Map<string, string>>();
  /** Folded channels in which a heal was told, and nobody has spoken since: the others who come back come back at the same place. */
  readonly #told = new Set<string>();
  #count = 0;

  constructor(parts: NetsplitsParts) {
    this.#parts = parts;
  }

  /** Has to see a line before the lists of who is where do. */
  onLine({ command, nick, params }: IrcLine): void {
    if (command === "QUIT") this.#onQuit(nick, params[0] ?? "");
    else if (command === "JOIN") this.#onJoin(nick, params[0] ?? "");
  }

  /** Somebody has spoken. */
  onMessage(ircChannel: string): void {
    this.#told.delete(foldName(ircChannel));
  }

  /** We are out of a channel, and do not see who comes back. */
  forget(ircChannel: string): void {
    const key = foldName(ircChannel);
    this.#count -= this.#gone.get(key)?.size ?? 0;
    this.#gone.delete(key);
    this.#told.delete(key);
  }

  /** We are out of all of them. */
  clear(): void {
    this.#gone.clear();
    this.#told.clear();
    this.#count = 0;
  }

  #onQuit(nick: string, reason: string): void {
    if (!SPLIT.test(reason)) return;
    for (const ircChannel of this.#parts.channelsOf(nick)) {
      // Who is not remembered cannot be seen to come back; so it is told while we can.
      if (this.#count >= this.#parts.maxGone) {
        this.#tell(ircChannel, reason);
        continue;
      }
      const key = foldName(ircChannel);
      const gone = this.#gone.get(key) ?? new Map<string, string>();
      this.#gone.set(key, gone.set(foldAscii(nick), reason));
      this.#count += 1;
    }
  }

  #onJoin(nick: string, ircChannel: string): void {
    const key = foldName(ircChannel);
    const gone = this.#gone.get(key);
    const reason = gone?.get(foldAscii(nick));
    if (gone === undefined || reason === undefined) return;
    gone.delete(foldAscii(nick));
    this.#count -= 1;
    if (gone.size === 0) this.#gone.delete(key);
    this.#tell(ircChannel, reason);
  }

  #tell(ircChannel: string, reason: string): void {
    const key = foldName(ircChannel);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#parts.onHealed(ircChannel, `the network was split: ${reason}`);
  }
}
