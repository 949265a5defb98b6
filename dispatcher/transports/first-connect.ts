import type { Request } from "../../bayeux/index.ts";
import type { RequestContext } from "../../link/index.ts";

/** The connect that a stream begins with. */
export interface FirstConnect {
  readonly route: number;
  readonly clientId: string;
  /** What is answered by the stream's last array; empty where the dispatcher makes the connects. */
  readonly requests: readonly Request[];
  /** A JSON array with the connect. */
  readonly payload: Buffer;
  readonly context: RequestContext;
}
