import type { ConnectionType } from "../../bayeux/index.ts";

/** A way to bring arrays of messages to a browser. */
export interface Transport {
  /** As in Bayeux's `connectionType`. */
  readonly name: ConnectionType;
  /**
   * Sends one array.
   *
   * @param messages ready messages joined by commas, without the brackets; may be empty
   * @returns false: what was sent waits to leave, so more should wait too
   */
  send(messages: Buffer): boolean;
  /** Ends it in an orderly way; nothing can be sent after that. */
  close(): void;
}
