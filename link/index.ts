/** The wire between tiers: frames, links, and the two ends that bring links up. README.md is the wire document. */
export { addressSchema, joinAddress, splitAddress } from "./address.ts";
export {
  dispatchPayload,
  OUTCOMES,
  outcomesPayload,
  readDispatch,
  readOutcomes,
  type Dispatch,
  type Outcome,
} from "./dispatch.ts";
export { linkSchema, type LinkConfig } from "./config.ts";
export { LINK_ERRORS, LinkError, type LinkErrorCode } from "./errors.ts";
export { FaultCounter } from "./faults.ts";
export { Backoff, type BackoffOptions } from "./backoff.ts";
export { listen, ListenError } from "./listen.ts";
export { LinkClient, type LinkClientOptions } from "./client.ts";
export { LinkServer, type LinkServerOptions } from "./server.ts";
export type { Link, LinkOwner, Peer } from "./link.ts";
export { MAX_CONTROL_BYTES } from "./wire.ts";
export type * from "./frames.ts";
export * from "./ticket-frames.ts";
