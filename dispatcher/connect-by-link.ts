import { LinkClient, type LinkClientOptions } from "../link/index.ts";
import type { ConnectBridge } from "./bridge-links.ts";

/** Reaches bridges by links over TCP. @param shared what all these links have in common */
export function connectByLink(
  shared: Omit<LinkClientOptions, "host" | "port" | "owner" | "expectedNode">,
): ConnectBridge {
  return ({ address, node }, owner) => {
    const colon = address.lastIndexOf(":");
    // IPv6 addresses are written in brackets, and named without.
    const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
    const client = new LinkClient({
      ...shared,
      host,
      port: Number(address.slice(colon + 1)),
      owner,
      expectedNode: node,
    });
    client.start();
    return client;
  };
}
