/**
 * How a session may be connected, as in `supportedConnectionTypes` and `connectionType`; the best first.
 *
 * `eventsource` and `cross-origin-long-polling` are Faye's, `streaming` is ours: see "Transports" in the README.
 */
export const CONNECTION_TYPES = [
  "websocket",
  "eventsource",
  "streaming",
  "long-polling",
  "cross-origin-long-polling",
  "callback-polling",
] as const;

export type ConnectionType = (typeof CONNECTION_TYPES)[number];
