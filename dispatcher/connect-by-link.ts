import { LinkClient, type LinkClientOptions, splitAddress } from "../link/index.ts";
import type { ConnectBridge } from "./bridge-link.ts";

/** Reaches bridges by links over TCP. @param shared what all these links have in common */
export function connectByLink(
  shared: Omit<LinkClientOptions, "host" | "port" | "owner" | "expectedNode">,
): ConnectBridge {
  return ({ address, node }, owner) => {
    const client = new LinkClient({ ...shared, ...splitAddress(address), owner, expectedNode: node });
    client.start();
    return client;
  };
}
