/**
 * The frames that cross a link, as values. `codec.ts` turns them into bytes and back; `README.md` is the wire document.
 *
 * Numbers: a `connection` is the dispatcher's u32 for one downstream (a held poll, an HTTP exchange, or a session's
 * side of a WebSocket), valid for one link instance, and not used again until the bridge has let go of it: by a final
 * answer or release, or by `freed`, its answer to `closed`.
 *
 * A decoded payload is a view of the received chunk (up to 64 KiB): whoever keeps one for long copies it. That of a
 * `hold` is a copy already.
 */

/** What an HTTP request carried that brought Bayeux messages: their own, or that of their WebSocket's upgrade. */
export interface RequestContext {
  readonly via: "post" | "get" | "upgrade";
  /** True: the browser's connection carries many requests side by side (HTTP/2 or later). */
  readonly isMultiplexed: boolean;
  /** A hash of the browser's cookie, as 32 lower-case hexadecimal digits; "" where none came. */
  readonly browser: string;
  /** The same of the page's origin. */
  readonly origin: string;
  /** The browser's IPv6 address, or its IPv4 address as `::ffff:…`, as 32 lower-case hexadecimal digits; "" where unknown. */
  readonly address: string;
}

/** Dispatcher → bridge: Bayeux messages of one session (or one handshake), as a JSON array. */
export interface RequestFrame {
  readonly type: "request";
  readonly connection: number;
  /** 1…N; the bridge refuses a route that it does not own. */
  readonly route: number;
  /** True: the connection stays open after the answer, and messages may be pushed to it. */
  readonly isSocket: boolean;
  /** True: the batch is one connect alone, so its answer may be held back. */
  readonly mayHold: boolean;
  readonly context: RequestContext;
  /** UTF-8 JSON array of messages. */
  readonly payload: Buffer;
}

/** Dispatcher → bridge: the browser's side of this connection is gone. Answered with `freed`. */
export interface ClosedFrame {
  readonly type: "closed";
  readonly connection: number;
}

/** Dispatcher → bridge: this connection does not drain; deliver nothing to it until `resume`. */
export interface PauseFrame {
  readonly type: "pause";
  readonly connection: number;
}

/** Dispatcher → bridge: the connection drained. */
export interface ResumeFrame {
  readonly type: "resume";
  readonly connection: number;
}

/**
 * Dispatcher → bridge: a message for named users. Like a request that is not a socket, it is answered by one final
 * `answer`, here with what became of each recipient. `dispatch.ts` knows what is in the payload.
 */
export interface DispatchFrame {
  readonly type: "dispatch";
  readonly connection: number;
  /** UTF-8 JSON. */
  readonly payload: Buffer;
}

/** Bridge → dispatcher: replies to a request. Final: the bridge has forgotten the connection. */
export interface AnswerFrame {
  readonly type: "answer";
  readonly connection: number;
  readonly isFinal: boolean;
  /** Ready JSON messages joined by commas, without the brackets; may be empty. */
  readonly payload: Buffer;
}

/**
 * Bridge → dispatcher: the route is not ours; nothing of the request was done. Always final. To a stream that asks for nothing:
 * its session is another bridge's now.
 */
export interface RefusedFrame {
  readonly type: "refused";
  readonly connection: number;
}

/** Bridge → dispatcher: keep the connection open; `payload` is the connect reply to add when it is released. */
export interface HoldFrame {
  readonly type: "hold";
  readonly connection: number;
  /** One ready JSON message. */
  readonly payload: Buffer;
}

/** Bridge → dispatcher: write these messages to each socket connection, without a connect reply. */
export interface DeliverFrame {
  readonly type: "deliver";
  /** Number of the (last) message in the bridge's log. */
  readonly seq: number;
  /** Connection numbers. A decoded array is valid only during the callback. */
  readonly recipients: Uint32Array;
  /** Ready JSON messages joined by commas, without the brackets. */
  readonly payload: Buffer;
}

/**
 * Bridge → dispatcher: for each recipient write `payload` and then the connect reply that it holds, in one array.
 * Final (polls, and sockets that the bridge ends by itself): the bridge has forgotten the connections. Not final (sockets):
 * they stay open, holding nothing.
 */
export interface ReleaseFrame {
  readonly type: "release";
  readonly isFinal: boolean;
  readonly recipients: Uint32Array;
  /** Ready JSON messages joined by commas, without the brackets; may be empty. */
  readonly payload: Buffer;
}

/** Bridge → dispatcher: `closed` was seen, the connection's number may be used again. */
export interface FreedFrame {
  readonly type: "freed";
  readonly connection: number;
}

/** Dispatcher → bridge: a part of the answer to a `claim`; see `ticket-frames.ts` for what is in this and the next. */
export interface SurrenderFrame {
  readonly type: "surrender";
  readonly payload: Buffer;
}

/** Bridge → dispatcher, only where there is a HaloD: what sessions can be rebuilt from when the bridge has died. */
export interface NoteFrame {
  /**
   * tickets: what sessions are, and which have ended. said: which messages there are. reached: how far the sessions of
   * some connections are with what comes next on them. claim: hand over what you have of these routes' sessions.
   */
  readonly type: "tickets" | "said" | "reached" | "claim";
  readonly payload: Buffer;
}

/** Between HaloD and those that have registered with it, and between bridges, both ways. */
export interface ControlFrame {
  readonly type: "control";
  /** UTF-8 JSON; up to 1 MiB. */
  readonly payload: Buffer;
}

export type DispatcherFrame = RequestFrame | ClosedFrame | PauseFrame | ResumeFrame | DispatchFrame | SurrenderFrame;
export type BridgeFrame = AnswerFrame | RefusedFrame | HoldFrame | DeliverFrame | ReleaseFrame | FreedFrame | NoteFrame;
export type Frame = DispatcherFrame | BridgeFrame | ControlFrame;
