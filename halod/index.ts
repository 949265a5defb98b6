/** HaloD, the control plane. In this version: its route table alone. */
export * from "./routes.ts";
