import type { ConnectionType } from "../../../bayeux/index.ts";
import type { AnyMessage } from "../../support/fake-bridge.ts";

/** What a wire tells of what came in. */
export type OnBatch = (batch: readonly AnyMessage[]) => void;

/** The client's side of a transport. Everything that comes in goes to its `OnBatch`, in order. */
export interface Wire {
  /** Sends one array. @returns the replies, or what came of them before the wire was cut */
  send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]>;
  /** Opens what a session's messages come over, where that is beside the requests. */
  attach(clientId: string): Promise<void>;
  /** Stops reading what is pushed. */
  pause(): void;
  resume(): void;
  /** The client is gone, without a word. */
  cut(): void;
}

/** A transport, and what a client may expect of it. */
export interface TransportFixture {
  readonly name: ConnectionType;
  /** Messages come without a connect's reply. */
  readonly pushes: boolean;
  /** Connects are held. */
  readonly holds: boolean;
  /** Messages of ack sessions come over it, with connect replies. */
  readonly acks: boolean;
  open(port: number, onBatch: OnBatch): Promise<Wire>;
}
