import type { ConnectionType } from "../../bayeux/index.ts";
import type { Framing } from "./framing.ts";

/** All that tells one streaming transport from another. */
export interface StreamSettings {
  readonly name: ConnectionType;
  readonly contentType: string;
  readonly framing: Framing;
  /** Nothing to the reader, but bytes on the wire. */
  readonly heartbeat: Buffer;
  /**
   * Where the connects come from. `browser`: the stream is the answer to one, and ends with its reply. `dispatcher`:
   * they are made here, one after the other, and their replies are not written.
   */
  readonly connects: "browser" | "dispatcher";
  /**
   * What a stream begins with.
   *
   * @param paddingBytes so many at least, for proxies that hold back the first bytes
   * @param retryMs when the browser comes back after a break
   */
  opening(paddingBytes: number, retryMs: number): Buffer;
  /** What a stream ends with. @param retryMs when the browser comes back */
  closing(retryMs: number): Buffer;
}
