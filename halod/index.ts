/** HaloD, the control plane: its route table, drawn and written out; the daemon, and what asks it. */
export { fixedCluster, type Cluster, type ClusterNode, type ClusterSource } from "./cluster.ts";
export { emptySlots, join, leave, nodeOf, slotsOf, type Change, type NodeMove, type Slots } from "./slots.ts";
export { joins, movesOfJoin, ownerOf, tableOf, type Move, type RouteTable } from "./routes.ts";
export { answerTable, answerZone, tableSchema, zoneSchema } from "./options.ts";
export { pictureOf } from "./picture.ts";
export { tableText } from "./table-text.ts";
export { zoneOf, type ZoneOptions } from "./zone.ts";
export { HaloClient, type HaloClientOptions, type HaloMember } from "./client.ts";
export { HaloDaemon, type HaloDaemonOptions } from "./daemon.ts";
export { halodSchema, statusSchema, type HalodConfig } from "./config.ts";
export { NumberClient } from "./number-client.ts";
export { askStatus, type AskOptions } from "./ask.ts";
export { statusText } from "./status.ts";
export type { ClusterStatus } from "./control.ts";
export { scaleFaults } from "./scale-config.ts";
export type { Load } from "./load.ts";
