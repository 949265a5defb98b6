import { type Agreement, NetworkError } from "../network.ts";
import type { Receiver } from "./receiver.ts";

/** A server that has message tags names all messages itself. */
const TAGGED = "message-tags";

/** What bridges on one IRC server have in common. @param receiverOf the connection that is in a channel */
export function agreementOf(receiverOf: (name: string) => Receiver | undefined): Agreement {
  const placeOf = (name: string) => {
    const receiver = receiverOf(name);
    const ircChannel = receiver?.channels.get(name)?.ircChannel;
    return receiver === undefined || ircChannel === undefined ? null : { receiver, ircChannel };
  };
  return {
    caughtUp: async (name) => {
      const receiver = receiverOf(name);
      if (receiver?.connection.isRegistered !== true) throw new NetworkError("unavailable", "not connected");
      await receiver.heardAll();
    },
    mark: (name) => {
      const place = placeOf(name);
      if (place === null) return null;
      return place.receiver.givesIds ? TAGGED : place.receiver.lineIds.prefix(place.ircChannel);
    },
    isCounted: (name) => receiverOf(name)?.givesIds !== true,
    agrees: (name, mark) => {
      const place = placeOf(name);
      if (place === null || mark === null) return false;
      return place.receiver.givesIds ? mark === TAGGED : place.receiver.lineIds.agrees(place.ircChannel, mark);
    },
  };
}
