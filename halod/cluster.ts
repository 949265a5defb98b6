import { tableOf } from "./routes.ts";

/** A bridge process in the cluster. */
export interface ClusterNode {
  /** The bridge's configured number (`bridge.node`): it makes its nicks; unique among the live ones. */
  readonly node: number;
  /** host:port where dispatchers reach it. */
  readonly address: string;
  /** Random, one for each life of the process. */
  readonly instance: string;
  readonly state: "active" | "spare";
  /** When it registered; milliseconds since 1970. Another time than before: it was given up in between. */
  readonly sinceMs: number;
}

/** Who owns which route. The epoch only grows. */
export interface Cluster {
  readonly epoch: number;
  /** `owners[0]` is route 1: the `node` of its bridge, or 0 where there is nobody. */
  readonly owners: readonly number[];
  readonly nodes: readonly ClusterNode[];
}

/** Where a process learns of the cluster: a fixed list, or HaloD. */
export interface ClusterSource extends AsyncDisposable {
  /**
   * Calls back at once with what is known, and at each change; never twice with one epoch, never with an older one.
   *
   * @param onPlan gets tables that are to come, and says when it is ready for one; none may be planned, nor come
   */
  start(onCluster: (cluster: Cluster) => void, onPlan?: (plan: Cluster, prepared: () => void) => void): void;
}

/** A cluster that never changes: the configured list of bridges. */
export function fixedCluster(addresses: readonly string[], routes: number): ClusterSource {
  const { epoch, owners } = tableOf(routes, addresses.length);
  // Whichever process answers at an address is the one: its instance is not known, and not asked for.
  const nodes = addresses.map((address, index): ClusterNode => {
    return { node: index + 1, address, instance: "", state: "active", sinceMs: 0 };
  });
  return {
    start: (onCluster) => onCluster({ epoch, owners, nodes }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
