/** The Comet tier: holds the connections of browsers, and hands their messages to the bridges that own their sessions. */
export type { ConnectBridge } from "./bridge-link.ts";
export * from "./config.ts";
export * from "./dispatcher.ts";
export { dispatchFrameBytes } from "./inside/config.ts";
