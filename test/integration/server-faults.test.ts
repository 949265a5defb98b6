import { describe, expect, it } from "vitest";
import type { Network } from "../../bridges/index.ts";
import { nameOf, runFault } from "../chaos/fault-run.ts";
import { FAULT_SUBJECTS, type FaultSubject, planFault, startFaultServer } from "../chaos/server-faults.ts";

/** `npm run faults -- --seeds 10` is the long run. */
const FIRST_SEED = 1;
const MAX_SEED = 100;
/** Two starts of a server on a slow machine, and what happens in between. */
const RUN_MS = 120_000;

describe("a network's server that dies, stands still or loses its peer while everybody speaks", () => {
  it.for(FAULT_SUBJECTS.map((subject) => [nameOf(subject), subject] as const))(
    "takes no message silently, brings none twice, and leaves no publish unanswered: %s",
    { timeout: RUN_MS },
    async ([name, subject]) => {
      await using server = await startFaultServer(subject);
      const seed = hardSeed(subject);
      const report = await runFault(server, seed);
      expect(report.faults, `${name}, seed ${seed}`).toEqual([]);
      expect(report.messages).toBeGreaterThan(0);
      expect(report.accepted).toBeGreaterThan(0);
    },
  );

  it("is noticed where a network keeps its gaps to itself", { timeout: RUN_MS }, async () => {
    await using server = await startFaultServer({ server: "embedded", fault: "kill" });
    const makeNetwork = (port: number): Network => withoutGaps(server.makeNetwork(port));
    const { faults } = await runFault({ ...server, makeNetwork }, FIRST_SEED);
    expect(faults.join()).toContain("no notice tells of it");
    expect(faults.join()).toContain("no gap notice came");
  });
});

/** The first one whose plan costs the bridge its connection, where one may. */
function hardSeed(subject: FaultSubject): number {
  let seed = FIRST_SEED;
  while (subject.fault === "freeze" && seed < MAX_SEED && !planFault(subject, seed).isNoticed) seed += 1;
  return seed;
}

function withoutGaps(network: Network): Network {
  const start = network.start.bind(network);
  network.start = (inbox) => {
    inbox.gap = () => {};
    start(inbox);
  };
  return network;
}
