/** HaloD, the control plane. In this version: its route table, drawn and written out; no daemon yet. */
export { fixedCluster, type Cluster, type ClusterNode, type ClusterSource } from "./cluster.ts";
export { emptySlots, join, leave, nodeOf, slotsOf, type Change, type NodeMove, type Slots } from "./slots.ts";
export { joins, movesOfJoin, ownerOf, tableOf, type Move, type RouteTable } from "./routes.ts";
export { answerTable, answerZone, tableSchema, zoneSchema } from "./options.ts";
export { pictureOf } from "./picture.ts";
export { tableText } from "./table-text.ts";
export { zoneOf, type ZoneOptions } from "./zone.ts";
