/**
 * A process of members that only register: `node halod-members.ts '{"ports", "secret", "routes", "nodes": [1, 2]}'`. It says `ready` when all of
 * them are in a table, and `epoch N` whenever all of them have been told that one or a newer one.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import { HaloClient } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";

interface Told {
  /** Of HaloD, and of its standby. */
  readonly ports: readonly number[];
  readonly secret: string;
  readonly routes: number;
  /** The number of each bridge. */
  readonly nodes: readonly number[];
}

const { ports, secret, routes, nodes }: Told = JSON.parse(process.argv[2] ?? "{}");
const log = pino({ level: "silent" });
const faults = new FaultCounter(log, () => performance.now());
let waiting = nodes.length;
/** The newest table of each. */
const epochs = new Map<number, number>();
let toldEpoch = 0;
for (const node of nodes) {
  const address = `127.0.0.1:${10_000 + node}`;
  let isTold = false;
  new HaloClient({
    addresses: ports.map((port) => `127.0.0.1:${port}`),
    member: { role: "bridge", node, address, instance: randomUUID(), name: `fake ${node}` },
    routes,
    secret,
    log,
    link: linkSchema.parse({}),
    faults,
    randomBytes,
    random: Math.random,
  }).start((cluster) => {
    tellEpoch(node, cluster.epoch);
    if (isTold || !cluster.nodes.some((each) => each.node === node)) return;
    isTold = true;
    waiting--;
    if (waiting === 0) process.stdout.write("ready\n");
  });
}
// Links keep no process alive, and this one is ended from outside.
setInterval(() => undefined, 60_000);

function tellEpoch(node: number, epoch: number): void {
  epochs.set(node, epoch);
  const oldest = epochs.size < nodes.length ? 0 : Math.min(...epochs.values());
  if (oldest > toldEpoch) process.stdout.write(`epoch ${oldest}\n`);
  toldEpoch = Math.max(toldEpoch, oldest);
}
