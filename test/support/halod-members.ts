/** A process of members that only register: `node halod-members.ts '{"port", "secret", "routes", "nodes": [1, 2]}'`. */
import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import { HaloClient } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";

interface Told {
  readonly port: number;
  readonly secret: string;
  readonly routes: number;
  /** The number of each bridge. */
  readonly nodes: readonly number[];
}

const { port, secret, routes, nodes }: Told = JSON.parse(process.argv[2] ?? "{}");
const log = pino({ level: "silent" });
const faults = new FaultCounter(log, () => performance.now());
let waiting = nodes.length;
for (const node of nodes) {
  const address = `127.0.0.1:${10_000 + node}`;
  let isTold = false;
  new HaloClient({
    addresses: [`127.0.0.1:${port}`],
    member: { role: "bridge", node, address, instance: randomUUID(), name: `fake ${node}` },
    routes,
    secret,
    log,
    link: linkSchema.parse({}),
    faults,
    randomBytes,
    random: Math.random,
  }).start((cluster) => {
    if (isTold || !cluster.nodes.some((each) => each.node === node)) return;
    isTold = true;
    waiting--;
    if (waiting === 0) process.stdout.write("ready\n");
  });
}
// Links keep no process alive, and this one is ended from outside.
setInterval(() => undefined, 60_000);
