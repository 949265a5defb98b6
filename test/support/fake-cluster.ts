import { type Cluster, type ClusterNode, type ClusterSource, tableOf } from "../../halod/index.ts";

/** A cluster that changes when a test says so. */
export class FakeCluster implements ClusterSource {
  isStarted = false;
  isDisposed = false;
  #onCluster: ((cluster: Cluster) => void) | null = null;
  #onPlan: ((plan: Cluster, prepared: () => void) => void) | null = null;
  #cluster: Cluster | null = null;

  start(onCluster: (cluster: Cluster) => void, onPlan?: (plan: Cluster, prepared: () => void) => void): void {
    this.#onPlan = onPlan ?? null;
    this.isStarted = true;
    this.#onCluster = onCluster;
    if (this.#cluster) onCluster(this.#cluster);
  }

  /** Tells a new table. @param owners of route 1, route 2, …; all others are the last one's */
  tell(routes: number, owners: readonly number[], nodes: readonly ClusterNode[]): void {
    this.#cluster = { epoch: (this.#cluster?.epoch ?? 0) + 1, owners: spread(routes, owners), nodes };
    if (!this.isDisposed) this.#onCluster?.(this.#cluster);
  }

  /** Tells what the next table is to be. Resolves when everybody has prepared for it. */
  async plan(routes: number, owners: readonly number[], nodes: readonly ClusterNode[]): Promise<void> {
    const plan = { epoch: (this.#cluster?.epoch ?? 0) + 1, owners: spread(routes, owners), nodes };
    await new Promise<void>((resolve) => this.#onPlan?.(plan, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }
}

function spread(routes: number, owners: readonly number[]): readonly number[] {
  return tableOf(routes, 1).owners.map((_, index) => owners[index] ?? owners.at(-1) ?? 0);
}

/** An active node. */
export function nodeAt(node: number, address: string, fields: Partial<ClusterNode> = {}): ClusterNode {
  return { node, address, instance: `instance ${node}`, state: "active", sinceMs: 1, ...fields };
}
