import { errorText } from "./format.js";

/** @typedef {import("./connection.js").Message} Message */

/** A publish or a subscribe may wait in the bridge while its network is away; cometd.js must not give up before. */
const EXTRA_WAIT_MS = 35_000;

/** Of the server's errors, those that asking again cannot change. */
export const FINAL_ERROR = /^(400|403|404|405|413):/;

/**
 * Lets cometd.js wait longer for the answers that depend on the network behind the bridge, each once.
 *
 * @param {import("cometd").CometD} cometd
 */
export function waitLonger(cometd) {
  const extended = new Set();
  // The method is missing in the package's types.
  Reflect.apply(Reflect.get(cometd, "addTransportListener"), cometd, [
    "timeout",
    /** @param {{id?: string, channel: string}[]} messages */
    (messages) => {
      const message = messages[0];
      const isSlow =
        message !== undefined && (!message.channel.startsWith("/meta/") || message.channel === "/meta/subscribe");
      if (!isSlow || extended.delete(message.id)) return 0;
      extended.add(message.id);
      return EXTRA_WAIT_MS;
    },
  ]);
}

/**
 * Whether the server told us not to come back.
 *
 * @param {Message} reply
 */
export function isFinal(reply) {
  return reply.successful !== true && reply.advice?.reconnect === "none";
}

/**
 * Why a request failed, in words; null when it did not.
 *
 * @param {Message} reply
 */
export function failureOf(reply) {
  if (reply.successful) return null;
  if (reply.error !== undefined) return errorText(reply.error);
  return "The connection was lost before the server answered; it may have arrived all the same.";
}
