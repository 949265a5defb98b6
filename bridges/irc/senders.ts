import { foldAscii } from "./names.ts";
import type { Sender } from "./sender.ts";

/** The sending connections: which one a channel is on, and which one a nick is. */
export class Senders {
  readonly all: readonly Sender[];

  constructor(all: readonly Sender[]) {
    this.all = all;
  }

  get isOneRegistered(): boolean {
    return this.all.some(({ connection }) => connection.isRegistered);
  }

  byNick(nick: string): Sender | undefined {
    const folded = foldAscii(nick);
    return this.all.find((sender) => foldAscii(sender.connection.nick) === folded);
  }

  /** The channel's own sender; another one while that is away, and as long as something of the channel is there. */
  of(ircChannel: string): Sender {
    const first = hash(ircChannel) % this.all.length;
    const inOrder = [...this.all.slice(first), ...this.all.slice(0, first)];
    const chosen =
      inOrder.find((sender) => sender.holds(ircChannel)) ??
      inOrder.find((sender) => sender.connection.isRegistered) ??
      inOrder[0];
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
