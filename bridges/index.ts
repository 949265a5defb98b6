/** The bridge process: owns sessions, and maps Bayeux channels onto networks. */
export { Bridge, type BridgeOptions } from "./bridge.ts";
export type { Census } from "./census.ts";
export { bridgeFaults, bridgeSchema, type BridgeConfig } from "./config.ts";
export { mappingSchema, type Access, type MappingRule } from "./mapping/config.ts";
export { describeName, type DescribedMapping } from "./mapping/describe.ts";
export { mappingFaults, type MappingFault } from "./mapping/faults.ts";
export { makeMapping, type Explanation, type MappedNetwork, type Mapping } from "./mapping/mapping.ts";
export * from "./naming.ts";
export * from "./network.ts";
export * from "./puppets.ts";
export { ownId } from "./own-id.ts";
