/**
 * The route table as a DNS zone: a name for each route, which leads to the node that owns it.
 *
 * Resolvers and browsers hold on to a name longer than its TTL says. So the iteration is part of every name, and grows
 * with every change of the table: a name that is held on to is one that nobody asks for again.
 */
import { isIP } from "node:net";
import { nodeOf, type Slots } from "./slots.ts";

/** How a cluster is written as a zone. */
export interface ZoneOptions {
  /** The zone's own name, such as `example.org`. */
  readonly domain: string;
  /** How long a resolver may keep an answer. */
  readonly ttlSeconds: number;
  /** The table's epoch; it is the zone's serial number too. 1…4294967295 */
  readonly iteration: number;
  /** Where each node of the cluster is: an IPv4 or IPv6 address, or the name of a host. */
  readonly addresses: ReadonlyMap<string, string>;
  /** A host outside of the zone that answers for it; `localhost` where nobody is to be asked. */
  readonly nameServer?: string;
}

/** The largest serial number, and so the last iteration. RFC 1035 §3.3.13 */
export const MAX_ITERATION = 2 ** 32 - 1;
/** RFC 2181 §8 */
export const MAX_TTL_SECONDS = 2 ** 31 - 1;

export const DOMAIN_FORM = "must be a name like example.org, without a dot at its end";
export const HOST_FORM = "must be the name of a host, without a dot at its end";

const MAX_NAME_LENGTH = 253;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** How secondaries poll, as RIPE-203 recommends for a small zone; what matters here is the serial number. */
const REFRESH_SECONDS = 86_400;
const RETRY_SECONDS = 7_200;
const EXPIRE_SECONDS = 3_600_000;

/**
 * A zone file (RFC 1035 §5) of one record a line: SOA, NS, and an A, AAAA or CNAME for each route that has an owner.
 *
 * @throws RangeError that names an option that is not so, or a node without an address
 */
export function zoneOf(cluster: Slots, options: ZoneOptions): string {
  const { domain, iteration, ttlSeconds, nameServer = "localhost", addresses } = options;
  const fault = zoneFaults(cluster.owners.length, options)[0];
  if (fault !== undefined) throw new RangeError(fault.message);
  const times = `${iteration} ${REFRESH_SECONDS} ${RETRY_SECONDS} ${EXPIRE_SECONDS} ${ttlSeconds}`;
  const lines = [
    `${domain}. ${ttlSeconds} IN SOA ${nameServer}. hostmaster.${domain}. ${times}`,
    `${domain}. ${ttlSeconds} IN NS ${nameServer}.`,
  ];
  cluster.owners.forEach((_, index) => {
    const route = index + 1;
    const node = nodeOf(cluster, route);
    if (node === null) return;
    lines.push(`${routeName(route, iteration, domain)}. ${ttlSeconds} IN ${target(node, addresses.get(node))}`);
  });
  return `${lines.join("\n")}\n`;
}

/** What is wrong with the options, each with the option's name: for whoever can tell all of it at once. */
export function zoneFaults(
  routes: number,
  { domain, ttlSeconds, iteration, nameServer = "localhost" }: Omit<ZoneOptions, "addresses">,
): { option: "domain" | "ttlSeconds" | "iteration" | "nameServer"; message: string }[] {
  const faults: ReturnType<typeof zoneFaults> = [];
  const room = MAX_NAME_LENGTH - routeName(routes, iteration, "").length;
  if (!isHostName(domain)) faults.push({ option: "domain", message: DOMAIN_FORM });
  else if (domain.length > room)
    faults.push({ option: "domain", message: `must be of at most ${room} characters, since names are put before it` });
  if (!isWhole(ttlSeconds, 0, MAX_TTL_SECONDS))
    faults.push({ option: "ttlSeconds", message: `must be a whole number from 0 to ${MAX_TTL_SECONDS}` });
  if (!isWhole(iteration, 1, MAX_ITERATION))
    faults.push({ option: "iteration", message: `must be a whole number from 1 to ${MAX_ITERATION}` });
  if (!isHostName(nameServer)) faults.push({ option: "nameServer", message: HOST_FORM });
  else if (`.${nameServer}`.toLowerCase().endsWith(`.${domain}`.toLowerCase()))
    faults.push({
      option: "nameServer",
      message: `must lie outside of ${domain}, which would have to say where it is`,
    });
  return faults;
}

/** Whether a node's address can stand in a zone: IPv4, IPv6 without a zone of its own, or the name of a host. */
export function isZoneAddress(address: string): boolean {
  return recordType(address) !== null;
}

function target(node: string, address: string | undefined): string {
  if (address === undefined) throw new RangeError(`${node} has no address`);
  const type = recordType(address);
  if (type === null)
    throw new RangeError(`${node}: ${JSON.stringify(address)} is not an address or the name of a host`);
  return type === "CNAME" ? `CNAME ${address}.` : `${type} ${address}`;
}

function recordType(address: string): "A" | "AAAA" | "CNAME" | null {
  // `fe80::1%eth0` means something on one machine only.
  if (isIP(address) !== 0) return isIP(address) === 4 ? "A" : address.includes("%") ? null : "AAAA";
  return isHostName(address) ? "CNAME" : null;
}

function routeName(route: number, iteration: number, domain: string): string {
  return `node${route}.iteration${iteration}.${domain}`;
}

/** Whether it is letters, digits and hyphens (RFC 1123 §2.1); not so if its last label is a number, as in an address. */
export function isHostName(name: string): boolean {
  if (name.length > MAX_NAME_LENGTH) return false;
  const labels = name.split(".");
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
