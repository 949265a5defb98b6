/** The bridge process: owns sessions, and maps Bayeux channels onto networks. */
export { Bridge, type BridgeOptions } from "./bridge.ts";
export type { Census } from "./census.ts";
export { bridgeSchema, type BridgeConfig } from "./config.ts";
export * from "./network.ts";
