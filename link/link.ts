import type { Frame } from "./frames.ts";

/** What a peer says of itself in the hello. */
export interface Peer {
  readonly role: "dispatcher" | "bridge" | "halod";
  /** For logs: a host name or what the operator called it. */
  readonly name: string;
  /** Random, new at every start of the process; names its log and its connection numbers. */
  readonly instance: string;
  /** Number of routes, N. Both sides must agree, or the hello is refused. */
  readonly routes: number;
  /** The bridge's number, from 1; 0 for a dispatcher and for HaloD. */
  readonly node: number;
  /** How many nodes there can be. Both sides must agree, or the hello is refused; HaloD does not compare it. */
  readonly nodes: number;
}

/** One authenticated connection between two of our processes. */
export interface Link {
  readonly peer: Peer;
  /** True while more than the high-water mark waits to be written: send nothing that can wait until `onDrain`. Stays true after the end. */
  readonly isFull: boolean;
  /**
   * Queues a frame; frames of one turn of the event loop leave in one write. A link past its hard bound is closed; one
   * that has ended takes frames and drops them. A payload is not copied and must not be altered afterwards.
   *
   * @returns `!isFull`
   * @throws RangeError for a frame longer than `maxFrameBytes`: whoever gathers messages must bound what is gathered
   */
  send(frame: Frame): boolean;
  /** Closes at once, dropping what waits; the owner's `onDown` follows, not before this returns. */
  close(reason: string): void;
}

/** Who listens to a link. What it throws is a bug of ours, and is not caught here. */
export interface LinkOwner {
  onUp(link: Link): void;
  onFrame(link: Link, frame: Frame): void;
  onDrain(link: Link): void;
  /** Once per link that was up. `isOrderly`: the peer ended it on purpose, and said so. */
  onDown(link: Link, reason: string, isOrderly: boolean): void;
}
