import { RawIrc } from "../../support/raw-irc.ts";
import { BayeuxClient, type ClientOwner } from "./bayeux-client.ts";
import { dataOf, lineOf } from "./message.ts";
import type { FanOutConfig } from "./protocol.ts";

/** Puts messages into the channel. */
export interface Publisher {
  /** In one write. @param first number of the first message */
  publish(first: number, count: number): void;
}

const NICK = "benchmark";

/** Makes the publisher of a configuration, and gets it into the channel. */
export async function startPublisher(
  { publishing, server, channel, messageBytes }: FanOutConfig,
  onEnd: (reason: string) => void,
): Promise<Publisher> {
  if (publishing.by === "bayeux") {
    const ignoresAnswers: ClientOwner = {
      onText: () => undefined, // A refused publish is a message that does not arrive, which is noticed.
      onEnd: (_client, reason) => onEnd(reason),
    };
    const client = await BayeuxClient.open(server, "websocket", ignoresAnswers);
    await client.handshake();
    return { publish: (first, count) => client.publish(`/${channel}`, range(first, count).map(dataOf)) };
  }
  const irc =
    publishing.by === "irc"
      ? await RawIrc.login(publishing.at, NICK, `#${channel}`)
      : await RawIrc.connect(server.host, server.port);
  const say = (number: number): string => `PRIVMSG #${channel} :${lineOf(number, messageBytes)}\r\n`;
  return { publish: (first, count) => irc.sendBytes(range(first, count).map(say).join("")) };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
