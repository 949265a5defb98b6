import type { Publication, SessionEvent } from "../history.ts";

/** What a process of clients is to open. */
export interface CrowdPlan {
  /** Of the balancer. */
  readonly port: number;
  readonly sessions: number;
  /** How many of them are the stock cometd package. */
  readonly stock: number;
  readonly channels: readonly string[];
  /** All of them have a WebSocket, at first to the dispatcher at this port; else half of them have, and the others poll. */
  readonly socketsTo?: number;
  /** One session loses a message now and then all by itself, for the proof that this is found. */
  readonly isSpoiled: boolean;
}

/** One after the other: the next when the last one is answered. */
export type CrowdCommand =
  /** What happened so far is history; from now on one session of each channel publishes texts with this prefix. */
  | { readonly type: "begin"; readonly prefix: string; readonly publishEveryMs: number }
  /** Nobody publishes any more. Answered when all publishes are. */
  | { readonly type: "quiet" }
  /** Answered when every session has seen the text of each of its channels, or when it is too late. */
  | { readonly type: "settle"; readonly texts: Readonly<Record<string, string>>; readonly withinMs: number }
  /** What happened since `begin`. */
  | { readonly type: "report" }
  /** All sessions are to end, so that nobody keeps them. */
  | { readonly type: "end" };

/** What a session has written down. */
export interface SessionReport {
  readonly name: string;
  /** At the beginning. */
  readonly clientId: string;
  readonly channels: readonly string[];
  readonly events: readonly SessionEvent[];
}

export type CrowdAnswer =
  /** All sessions are there and subscribed. */
  | { readonly type: "ready" }
  | { readonly type: "begun" }
  | { readonly type: "ended" }
  | { readonly type: "quieted" }
  /** @param deaf the names of sessions that have not seen a text */
  | { readonly type: "settled"; readonly deaf: readonly string[] }
  | {
      readonly type: "reported";
      readonly sessions: readonly SessionReport[];
      readonly publications: readonly Publication[];
      /** The longest since `begin` that the process did not look at its sockets. */
      readonly lateMs: number;
    }
  | { readonly type: "failed"; readonly reason: string };

/** Milliseconds since 1970 on a clock that two processes agree on to a fraction of one. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
