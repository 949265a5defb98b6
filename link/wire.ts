import type { Frame } from "./frames.ts";
import type { Peer } from "./link.ts";

/** Both sides must speak the same one; any change to a byte of the protocol makes a new one. */
export const WIRE_VERSION = 5;

/** A hello frame may not be longer than this: its sender has proved nothing yet. */
export const MAX_HELLO_BYTES = 65_536;

export type Role = Peer["role"];

/** Whose frames a side may send: on a link with HaloD, or of two bridges, both sides send `control`; on others nobody does. */
export type Vocabulary = "dispatcher" | "bridge" | "control";

/** The payload of a `control` frame may not be longer, whatever the limit for frames is. */
export const MAX_CONTROL_BYTES = 1_048_576;

/** One step of the hello; `hello.ts` knows what is in the payload. */
export interface HelloFrame {
  readonly type: "challenge" | "hello" | "welcome" | "refuse";
  readonly payload: Buffer;
}

/** A sign of life, and its answer. */
export interface HeartbeatFrame {
  readonly type: "ping" | "pong";
}

/** The last frame of a side that ends the link on purpose; the payload says why, as UTF-8 text. */
export interface GoodbyeFrame {
  readonly type: "goodbye";
  readonly payload: Buffer;
}

/** Everything that crosses the wire: what owners of links see, and what the link keeps to itself. */
export type WireFrame = Frame | HelloFrame | HeartbeatFrame | GoodbyeFrame;

/** The kind byte of each frame: below 0x10 the link's own and `control`, 0x1_ from the dispatcher, 0x2_ from the bridge. */
export const KIND = {
  challenge: 0x01,
  hello: 0x02,
  welcome: 0x03,
  refuse: 0x04,
  ping: 0x05,
  pong: 0x06,
  goodbye: 0x07,
  control: 0x08,
  request: 0x10,
  closed: 0x11,
  pause: 0x12,
  resume: 0x13,
  dispatch: 0x14,
  surrender: 0x18,
  answer: 0x20,
  refused: 0x21,
  hold: 0x22,
  deliver: 0x23,
  release: 0x24,
  freed: 0x25,
  tickets: 0x28,
  said: 0x29,
  reached: 0x2a,
  claim: 0x2b,
} as const satisfies Record<WireFrame["type"], number>;

/** The flag bits; every other bit is zero. */
export const FLAG = {
  /** request */
  isSocket: 0x01,
  /** request */
  mayHold: 0x02,
  /** request: 16 bytes of it follow */
  hasBrowser: 0x04,
  hasOrigin: 0x08,
  /** request */
  isMultiplexed: 0x10,
  /** request; at most one of the two, and neither means `post` */
  isGet: 0x20,
  isUpgrade: 0x40,
  /** request: 16 bytes of it follow */
  hasAddress: 0x80,
  /** answer, release */
  isFinal: 0x01,
} as const;

/** Rounds up to the four bytes at which every frame begins. */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
