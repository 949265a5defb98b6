/** A Bayeux reply, as far as a load client looks at it. */
export interface Reply {
  readonly channel: string;
  readonly clientId: string;
}

/**
 * The reply of one meta channel in a batch.
 *
 * @throws Error with the batch, when the reply is missing or says no
 */
export function replyIn(text: string, channel: string): Reply {
  const batch: unknown = JSON.parse(text);
  const messages: readonly unknown[] = Array.isArray(batch) ? batch : [batch];
  for (const message of messages) {
    if (typeof message !== "object" || message === null || !("channel" in message)) continue;
    if (message.channel !== channel || !("successful" in message) || message.successful !== true) continue;
    return { channel, clientId: "clientId" in message ? String(message.clientId) : "" };
  }
  throw new Error(`no success on ${channel}: ${text}`);
}
