/** HaloD, the control plane. In this version: its route table, drawn and written out; no daemon yet. */
export { emptyCluster, join, leave, nodeOf, type Change, type Cluster, type NodeMove } from "./cluster.ts";
export { joins, movesOfJoin, ownerOf, tableOf, type Move, type RouteTable } from "./routes.ts";
