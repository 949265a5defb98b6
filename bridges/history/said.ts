import { deliveryText } from "../../bayeux/index.ts";
import { fromNetwork } from "../binary.ts";
import type { Channel } from "../channel/channel.ts";
import type { NetworkMessage } from "../network.ts";

/** A message that became Bayeux: serialized once, however it came. */
export interface Said {
  /** Delivery id. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** The Bayeux message as JSON. */
  readonly text: string;
}

/** Makes a network's message Bayeux. */
export function said(channel: Channel, { data, from, timeMs, id }: NetworkMessage): Said {
  const provenance = { from, network: channel.network.name, time: new Date(timeMs).toISOString(), id };
  const { data: seen, isBinary } = fromNetwork(data);
  return { id, timeMs, text: deliveryText(channel.name, seen, provenance, isBinary) };
}
