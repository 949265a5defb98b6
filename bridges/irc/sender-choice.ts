import type { Sender } from "./sender.ts";

/** The channel's own sender; another one while that is away, and as long as something of the channel is there. */
export function senderFor(senders: readonly Sender[], ircChannel: string): Sender {
  const first = hash(ircChannel) % senders.length;
  const inOrder = [...senders.slice(first), ...senders.slice(0, first)];
  const chosen =
    inOrder.find((sender) => sender.holds(ircChannel)) ??
    inOrder.find((sender) => sender.connection.isRegistered) ??
    inOrder[0];
  if (chosen === undefined) throw new Error("no senders");
  return chosen;
}

/** FNV-1a: any spread will do, and it must be the same for one name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
