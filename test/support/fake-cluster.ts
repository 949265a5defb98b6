import { type Cluster, type ClusterNode, type ClusterSource, tableOf } from "../../halod/index.ts";

/** A cluster that changes when a test says so. */
export class FakeCluster implements ClusterSource {
  isStarted = false;
  isDisposed = false;
  #onCluster: ((cluster: Cluster) => void) | null = null;
  #cluster: Cluster | null = null;

  start(onCluster: (cluster: Cluster) => void): void {
    this.isStarted = true;
    this.#onCluster = onCluster;
    if (this.#cluster) onCluster(this.#cluster);
  }

  /** Tells a new table. @param owners of route 1, route 2, …; all others are the last one's */
  tell(routes: number, owners: readonly number[], nodes: readonly ClusterNode[]): void {
    const rest = owners.at(-1) ?? 0;
    const all = tableOf(routes, 1).owners.map((_, index) => owners[index] ?? rest);
    this.#cluster = { epoch: (this.#cluster?.epoch ?? 0) + 1, owners: all, nodes };
    if (!this.isDisposed) this.#onCluster?.(this.#cluster);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }
}

/** An active node. */
export function nodeAt(node: number, address: string, fields: Partial<ClusterNode> = {}): ClusterNode {
  return { node, address, instance: `instance ${node}`, state: "active", sinceMs: 1, ...fields };
}
