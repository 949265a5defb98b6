import type { ClusterStatus } from "./control.ts";
import { routeCounts } from "./live-picture.ts";
import { clusterOf, type Membership } from "./membership.ts";
import type { Protections } from "./protections.ts";

/** What is known beside who is there. */
export interface StatusParts {
  /** Of a HaloD that acts alone, where unset. */
  readonly standing?: ClusterStatus["standing"];
  /** Only bridges of the one that acts tell it. */
  readonly protections?: Protections | undefined;
}

/** What `tailspin status` is told. @param dispatchers how many have registered */
export function statusOf(
  membership: Membership,
  dispatchers: number,
  { standing = ALONE, protections }: StatusParts = {},
): ClusterStatus {
  const { epoch, isFormed, changedMs, routes, members, active } = membership;
  const owned = routeCounts(clusterOf(membership)?.owners ?? []);
  const nodes = members
    .toSorted((a, b) => a.node - b.node)
    .map(({ node, address, instance, sinceMs, lostMs }) => {
      const state = lostMs !== null ? "lost" : active.includes(instance) ? "active" : "spare";
      const protection = state === "active" && protections ? protections.of(instance, epoch, members.length) : null;
      return { node, address, instance, sinceMs, state, routes: owned.get(node) ?? 0, protection } as const;
    });
  return { type: "status", epoch, isFormed, changedMs, routes, dispatchers, nodes, standing };
}

const ALONE: ClusterStatus["standing"] = { role: "acting", reached: 1, voters: 1, term: 0, of: "" };

/** The status as lines for a terminal. @param nowMs milliseconds since 1970 */
export function statusText(status: ClusterStatus, nowMs: number): string {
  const { epoch, isFormed, changedMs, routes, dispatchers, nodes, standing } = status;
  const bridges = counted(nodes.length, "bridge");
  const head = isFormed
    ? `epoch ${epoch}, for ${age(nowMs - changedMs)}: ${counted(routes, "route")}, ${bridges}, ${counted(dispatchers, "dispatcher")}`
    : `no table yet: ${bridges} registered, ${counted(dispatchers, "dispatcher")}`;
  const rows = nodes.map(({ node, state, routes: owned, address, sinceMs, protection }) => {
    return [String(node), state, String(owned), address, age(nowMs - sinceMs), told(protection ?? null)];
  });
  const titles = ["node", "state", "routes", "address", "for", "sessions"];
  const table = nodes.length === 0 ? [] : ["", ...aligned([titles, ...rows])];
  return `${[...standingText(standing), head, ...table].join("\n")}\n`;
}

function standingText({ role, reached, voters, term, of }: ClusterStatus["standing"]): string[] {
  if (role === "acting") return [];
  if (role === "standby") return [`standby${of === "" ? "" : ` of the HaloD at ${of}`}: another HaloD acts`];
  return [`no majority: ${reached} of ${counted(voters, "process")} reached; nothing moves (term ${term})`];
}

function told(protection: string | null): string {
  if (protection === null) return "";
  return protection === "" ? "protected" : `unprotected: ${protection}`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600), Math.floor(seconds / 60)];
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function counted(count: number, what: string): string {
  const plural = what.endsWith("s") ? "es" : "s";
  return `${count} ${what}${count === 1 ? "" : plural}`;
}
