import { NetworkError, type Publication } from "../network.ts";
import type { Channel } from "./channels.ts";
import { ChunkIds } from "./chunk-ids.ts";
import type { IrcConfig } from "./config.ts";
import type { Notices } from "./notices.ts";
import { Outgoing } from "./outgoing.ts";
import type { Receivers } from "./receivers.ts";
import type { SenderParts } from "./sender.ts";

/** What sending needs. */
export interface SendingParts {
  readonly config: IrcConfig;
  /** Asked for once there is something to send. */
  readonly receivers: () => Receivers;
  readonly notices: Notices;
  readonly now: () => number;
  readonly random: () => number;
}

/** What all connections that send have in common, whoever they speak for. */
export class Sending {
  readonly #parts: SendingParts;
  /** The same for all senders. */
  readonly senderParts: Pick<SenderParts, "barrier" | "keyOf" | "nextChunkId" | "onRefused">;

  constructor(parts: SendingParts) {
    this.#parts = parts;
    const chunkIds = new ChunkIds(parts.random);
    this.senderParts = {
      barrier: (ircChannel) => {
        const receivers = parts.receivers();
        return (receivers.find(ircChannel)?.receiver ?? receivers.first).barrier();
      },
      keyOf: (channel) => parts.config.keys?.[channel],
      nextChunkId: () => chunkIds.next(),
      onRefused: ({ channel, ircChannel }, reason) => parts.notices.refused("message", channel, ircChannel, reason),
    };
  }

  /** The channel as the bridge is in it, or null. */
  open(name: string): Channel | null {
    const channel = this.#parts.receivers().of(name)?.channels.get(name);
    return channel?.state === "joined" ? channel : null;
  }

  /** A publication that may be sent now. @throws NetworkError `unavailable` or `refused` */
  prepare(name: string, publication: Publication): Outgoing {
    const { receivers, config, now } = this.#parts;
    const receiver = receivers().of(name) ?? receivers().first;
    if (receiver.channels.get(name) !== undefined && !receiver.isReady)
      throw new NetworkError("unavailable", `the channel's connection is away: ${receiver.lastReason}`);
    const { ircChannel } = receiver.joined(name);
    const deadlineMs = now() + config.publishTimeoutMs;
    return new Outgoing(name, ircChannel, publication, deadlineMs, config.maxMessageBytes);
  }
}
