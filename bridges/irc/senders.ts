import type { Line } from "./line.ts";
import { foldAscii } from "./names.ts";
import type { Sender } from "./sender.ts";

/** The sending connections: which one a channel is on, and which one a nick is. */
export class Senders {
  /** They speak for everybody. */
  readonly shared: readonly Sender[];
  /** Each speaks for one user. */
  readonly #own = new Set<Sender>();

  constructor(shared: readonly Sender[]) {
    this.shared = shared;
  }

  get all(): readonly Sender[] {
    return [...this.shared, ...this.#own];
  }

  get isOneRegistered(): boolean {
    return this.shared.some(({ connection }) => connection.isRegistered);
  }

  add(own: Sender): void {
    this.#own.add(own);
  }

  remove(own: Sender): void {
    this.#own.delete(own);
  }

  /** The receiving connection has seen a line. @returns whether it is one of theirs */
  onEcho(nick: string, ircChannel: string, line: Line): boolean {
    const sender = this.byNick(nick);
    sender?.onEcho(ircChannel, line);
    return sender !== undefined;
  }

  byNick(nick: string): Sender | undefined {
    const folded = foldAscii(nick);
    for (const sender of this.shared) if (sender.connection.foldedNick === folded) return sender;
    for (const sender of this.#own) if (sender.connection.foldedNick === folded) return sender;
    return undefined;
  }

  /** True for a nick that speaks for everybody. */
  isShared(nick: string): boolean {
    const sender = this.byNick(nick);
    return sender !== undefined && !this.#own.has(sender);
  }

  /** The channel's own sender; another one while that is away, and as long as something of the channel is there. */
  of(ircChannel: string): Sender {
    const first = hash(ircChannel) % this.shared.length;
    const own = this.shared[first];
    if (own?.holds(ircChannel) === true) return own;
    const at = (turn: number): Sender | undefined => this.shared[(first + turn) % this.shared.length];
    const pick = (isIt: (sender: Sender) => boolean): Sender | undefined => {
      for (let turn = 0; turn < this.shared.length; turn += 1) {
        const sender = at(turn);
        if (sender !== undefined && isIt(sender)) return sender;
      }
      return undefined;
    };
    const chosen =
      pick((sender) => sender.holds(ircChannel)) ?? pick(({ connection }) => connection.isRegistered) ?? at(0);
    if (chosen === undefined) throw new Error("no senders");
    return chosen;
  }

  /** Resolves when the server has handled whatever they sent before, or they are lost. */
  async settled(): Promise<void> {
    const registered = this.all.filter(({ connection }) => connection.isRegistered);
    await Promise.allSettled(registered.map(({ connection }) => connection.ping()));
  }
}

/** FNV-1a: any spread will do, and it must be the same for one name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
