import type { AnswerFrame, FreedFrame, HoldFrame, RefusedFrame, ReleaseFrame } from "../link/index.ts";
import type { Outlet } from "./transports/coalescer.ts";

/** What a bridge may say to one connection; deliveries go straight to its outlet. */
export type DownstreamFrame = AnswerFrame | RefusedFrame | HoldFrame | ReleaseFrame | FreedFrame;

/** Who stands behind a connection number. */
export interface Downstream {
  /** Whose it is; null for a handshake. */
  readonly clientId: string | null;
  /** Where deliveries are written; null where nothing may be pushed. */
  readonly outlet: Outlet | null;
  /** `freed` comes only to who was recalled: nothing more will follow. */
  onFrame(frame: DownstreamFrame): void;
  /** The link is gone, and the number with it. */
  onDown(): void;
}
