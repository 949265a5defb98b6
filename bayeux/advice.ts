/**
 * What the server tells a client to do next. The latest advice replaces the one before.
 *
 * @see Bayeux 1.0 §3.6 "advice"; units are milliseconds
 */
export interface Advice {
  readonly reconnect?: "retry" | "handshake" | "none";
  /** How long to wait before the next connect. */
  readonly interval?: number;
  /** How long a connect is held. */
  readonly timeout?: number;
  /** Another page of the same browser is connected already. */
  readonly "multiple-clients"?: boolean;
  /** CometD: how long a session lives without a connect; cometd.js handshakes by itself after it. */
  readonly maxInterval?: number;
}

/** The session is gone: start anew, now. */
export const HANDSHAKE_ADVICE: Advice = { reconnect: "handshake", interval: 0 };

/** The session has ended, on purpose: do not come back by yourself. */
export const NONE_ADVICE: Advice = { reconnect: "none" };

/** Something between us and the session is away: the same request again, a little later. */
export function retryAdvice(intervalMs: number): Advice {
  return { reconnect: "retry", interval: intervalMs };
}
