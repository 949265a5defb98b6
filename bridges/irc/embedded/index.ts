export type { Limits } from "./limits.ts";
export type { RealmCounters } from "./realm.ts";
export { EmbeddedIrcd, type EmbeddedIrcdOptions } from "./server.ts";
