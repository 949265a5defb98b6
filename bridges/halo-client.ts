import { hostname } from "node:os";
import { HaloClient, type HaloClientOptions } from "../halod/index.ts";
import { joinAddress, type LinkClientOptions } from "../link/index.ts";
import type { BridgeConfig } from "./config.ts";

/** What of a bridge's options registering needs. */
export interface RegisteringOptions extends Pick<
  HaloClientOptions,
  "routes" | "secret" | "log" | "link" | "faults" | "randomBytes"
> {
  readonly config: BridgeConfig;
  readonly name: string;
  readonly instance: string;
}

const EVERY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Registers a bridge with HaloD, once it is started. @param port where it listens */
export function haloClientOf({ config, name, instance, ...shared }: RegisteringOptions, port: number): HaloClient {
  const { routes, secret, log, link, faults, randomBytes } = shared;
  const member = { role: "bridge", node: config.node, address: addressFor(config, port), instance, name } as const;
  const own = { addresses: config.halod, member, random: Math.random };
  return new HaloClient({ ...own, routes, secret, log, link, faults, randomBytes });
}

/** Where dispatchers reach a bridge, as host:port. */
export function addressFor({ advertise, host }: BridgeConfig, port: number): string {
  return advertise === "" ? joinAddress(EVERY_ADDRESS.has(host) ? hostname() : host, port) : advertise;
}

/** What a bridge's links to other bridges are made with. */
export function bridgeLinkOf({
  config,
  name,
  instance,
  routes,
  link,
  ...shared
}: RegisteringOptions): Omit<LinkClientOptions, "host" | "port" | "owner" | "expectedNode"> {
  const { secret, log, faults, randomBytes } = shared;
  const peer = { role: "bridge", name, instance, routes, node: config.node, nodes: routes } as const;
  return { peer, secret, log, faults, randomBytes, random: Math.random, config: link };
}
