import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import { type Cluster, HaloClient } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";

/** Everything that HaloD tells, as a dispatcher is told it. */
export class ClusterWatch implements AsyncDisposable {
  /** The newest last. */
  readonly tables: Cluster[] = [];
  readonly #client: HaloClient;
  #change = Promise.withResolvers<void>();

  /** @param addresses host:port of HaloD @param secret of the stack */
  constructor(addresses: readonly string[], secret = "") {
    const log = pino({ level: "silent" });
    this.#client = new HaloClient({
      addresses,
      member: { role: "dispatcher", name: "test", instance: randomUUID() },
      routes: 1_024,
      secret,
      log,
      link: linkSchema.parse({}),
      faults: new FaultCounter(log, Date.now),
      randomBytes,
      random: Math.random,
    });
    this.#client.start((table) => {
      this.tables.push(table);
      this.#change.resolve();
      this.#change = Promise.withResolvers();
    });
  }

  get table(): Cluster {
    const table = this.tables.at(-1);
    if (!table) throw new Error("no table was told");
    return table;
  }

  /** Resolves with the first table, from now on, that is like this. @throws Error after a bounded time */
  async until(what: string, isIt: (table: Cluster) => boolean, withinMs = 20_000): Promise<Cluster> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const nodes = this.tables.at(-1)?.nodes.map(({ node, state }) => `${node} ${state}`);
      late.reject(new Error(`no table with ${what} within ${withinMs} ms; the newest has ${nodes?.join(", ")}`));
    }, withinMs);
    try {
      for (;;) {
        const table = this.tables.at(-1);
        if (table && isIt(table)) return table;
        await Promise.race([this.#change.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

/** The bridges that own routes. */
export function activeIn({ nodes }: Cluster): number[] {
  return nodes.filter(({ state }) => state === "active").map(({ node }) => node);
}
