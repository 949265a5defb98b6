/** What the bench and its child processes say to each other, over Node's IPC channel. */

/** Where the server under load listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How messages get into the channel. */
export type Publishing =
  /** A person on IRC. */
  | { readonly by: "irc"; readonly at: Address }
  /** A Bayeux client on a WebSocket of the server under load. */
  | { readonly by: "bayeux" }
  /** Lines as on IRC, without registration: what `peers/bare.ts` understands. */
  | { readonly by: "lines" };

/** The argument of `load/fan-out.ts`, as JSON. */
export interface FanOutConfig {
  readonly server: Address;
  readonly transport: "websocket" | "long-polling";
  /** False for a server that writes whatever is published to whoever is connected. */
  readonly isBayeux: boolean;
  /** As on IRC, without the `#`. */
  readonly channel: string;
  readonly subscribers: number;
  /** Of one message's data; 100 where nothing is said, and no less. */
  readonly messageBytes?: number;
  readonly publishing: Publishing;
}

/** The argument of `load/sessions.ts`, as JSON. */
export interface SessionsConfig {
  readonly server: Address;
  readonly channel: string;
}

/** A server of a network, without anything of ours. */
export interface NetworkPlace extends Address {
  readonly kind: "irc" | "xmpp";
  /** On IRC: what bare sockets ask for, so that they are sent what a bridge is sent. */
  readonly capabilities?: readonly string[];
}

/** The argument of `load/network.ts`, as JSON. */
export interface NetworkEndConfig {
  readonly by: "raw" | "tailspin";
  readonly place: NetworkPlace;
  /** Another one for each end on a server. */
  readonly node: number;
  /** Without `#`, slash or domain. */
  readonly channel: string;
  /** Messages of others after which it tells the flood that it has heard them. */
  readonly ackEvery: number;
  /** Where the flood listens for that. */
  readonly acksTo: number;
}

/** The argument of `load/flood.ts`, as JSON. */
export interface FloodConfig {
  readonly place: NetworkPlace;
  readonly channels: readonly string[];
  readonly ackEvery: number;
  /** Messages that are not acknowledged yet; a multiple of `ackEvery`. */
  readonly window: number;
}

/** What a load client is told to do. It answers each command with one report. */
export type Command =
  | {
      readonly type: "publish";
      /** It ends with whichever comes first. */
      readonly maxMessages: number;
      readonly maxMs: number;
      /** Messages that leave together; the next ones leave when every subscriber has these. */
      readonly outstanding: number;
      /** Between one burst's last delivery and the next burst. */
      readonly restMs: number;
      /** Measures how long each delivery takes. */
      readonly isTimed?: boolean;
    }
  | { readonly type: "open"; readonly sessions: number; readonly concurrency: number }
  /** All sessions that are open have a connect held, and read nothing more. */
  | { readonly type: "stall" }
  /** Until the time is over, and everything has been heard. */
  | { readonly type: "flood"; readonly channel: string; readonly maxMs: number }
  /** Publishes, so many at a time, until the time is over and everything is confirmed. */
  | { readonly type: "confirm"; readonly outstanding: number; readonly maxMs: number }
  | { readonly type: "close" };

/** What a child process answers. */
export type Report =
  /** Port 0: it does not listen. */
  | { readonly type: "ready"; readonly port: number }
  | {
      readonly type: "published";
      readonly messages: number;
      readonly deliveries: number;
      readonly batches: number;
      /** Of the deliveries; 0 where they were not timed. */
      readonly p99Ms: number;
    }
  | { readonly type: "opened"; readonly sessions: number }
  | { readonly type: "stalled" }
  | { readonly type: "flooded" | "confirmed"; readonly messages: number; readonly elapsedMs: number }
  | { readonly type: "closed" }
  /** A message was lost, came twice or out of order, or something did not work. */
  | { readonly type: "failed"; readonly reason: string };

const REPORTS = ["ready", "published", "opened", "stalled", "flooded", "confirmed", "closed", "failed"];
const COMMANDS = ["publish", "open", "stall", "flood", "confirm", "close"];

/** Both ends are ours and of one version: the type alone tells. */
export function isReport(value: unknown): value is Report {
  return hasType(value, REPORTS);
}

/** See `isReport`. */
export function isCommand(value: unknown): value is Command {
  return hasType(value, COMMANDS);
}

function hasType(value: unknown, types: readonly string[]): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    types.includes(value.type)
  );
}
