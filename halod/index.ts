/** HaloD, the control plane. In this version: its route table, drawn and written out; no daemon yet. */
export { clusterOf, emptyCluster, join, leave, nodeOf, type Change, type Cluster, type NodeMove } from "./cluster.ts";
export { joins, movesOfJoin, ownerOf, tableOf, type Move, type RouteTable } from "./routes.ts";
export { answerTable, answerZone, tableSchema, zoneSchema } from "./options.ts";
export { pictureOf } from "./picture.ts";
export { tableText } from "./table-text.ts";
export { zoneOf, type ZoneOptions } from "./zone.ts";
