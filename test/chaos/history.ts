/** How a publish was answered. Unknown: with these words, or with none. */
export type PublishOutcome = "confirmed" | "refused" | "unknown";

/** What a browser published. Each text is published once in a run. */
export interface Publication {
  readonly channel: string;
  readonly text: string;
  readonly outcome: PublishOutcome;
}

/** What happened to a session, in order. Times are milliseconds since 1970, with fractions. */
export type SessionEvent =
  | { readonly type: "seen"; readonly channel: string; readonly text: string; readonly atMs: number }
  | { readonly type: "gap"; readonly channel: string; readonly atMs: number }
  /** It had to begin anew. */
  | { readonly type: "handshake"; readonly atMs: number }
  /** It has a WebSocket again. */
  | { readonly type: "opened"; readonly atMs: number }
  /** The other side has closed it. */
  | { readonly type: "closed"; readonly atMs: number }
  /** Its connection broke, or a poll failed. */
  | { readonly type: "reconnect"; readonly atMs: number };

/** What one session wrote down during one fault. It has the ack extension, and was subscribed before the first message. */
export interface SessionHistory {
  readonly name: string;
  /** Of its session at the beginning. */
  readonly route: number;
  readonly channels: readonly string[];
  /** Messages that had come to it before. */
  readonly earlier: ReadonlySet<string>;
  readonly events: readonly SessionEvent[];
}

/** A message on a network. */
export interface Carried {
  readonly text: string;
  /** When that network's own people had it. */
  readonly atMs: number;
}

/** One channel of a network. */
export interface ChannelHistory {
  readonly channel: string;
  /** What the network carried, in its order, as seen by somebody who is on it himself. */
  readonly carried: readonly Carried[];
  /** That one was cut off for a while, so some of it may be missing. */
  readonly isWitnessCut: boolean;
}

/** All that is known of one fault when it is over. The messages of each begin with a prefix of their own. */
export interface ChaosHistory {
  readonly prefix: string;
  readonly channels: readonly ChannelHistory[];
  readonly publications: readonly Publication[];
  readonly sessions: readonly SessionHistory[];
  /** By so much at most the clients' times are later than what they saw, since the machine had something else to do. */
  readonly lateMs: number;
}
