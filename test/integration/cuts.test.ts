import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CUT_SUBJECTS, nameOf, runCuts } from "../chaos/cut-run.ts";
import { WholeStack } from "../support/whole-stack.ts";

/** `npm run cuts -- --seeds 10` is the long run; a seed that fails there can be put here. */
const SEED = 1;
const CUTS = 30;

describe("connections that are cut at random moments", () => {
  let stack: WholeStack;
  beforeAll(async () => {
    stack = await WholeStack.start({ bridgeFlags: ["--bridge-connect-timeout-ms", "2000"] });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("lose no message of an ack session, repeat none of any, and lose others only where a connection broke", async () => {
    const reports = await runCuts(stack, { seed: SEED, cuts: CUTS, subjects: CUT_SUBJECTS });
    expect(reports.map(({ subject }) => subject)).toEqual(CUT_SUBJECTS.map(nameOf));
    for (const { subject, cuts, said, heard, lost, faults } of reports) {
      expect(faults, `seed ${SEED}, ${subject}`).toEqual([]);
      expect(cuts).toBe(CUTS);
      expect(heard + lost).toBe(said);
    }
  });

  it("are noticed in a client that confirms nothing, and in one that confirms what it threw away", async () => {
    const common = { client: "strict", transport: "long-polling", isAck: true } as const;
    const subjects = [
      { ...common, fault: "confirms nothing" },
      { ...common, fault: "confirms too much" },
    ] as const;
    const [repeated, lost] = await runCuts(stack, { seed: SEED, cuts: 5, subjects });
    expect(repeated?.faults.join()).toContain("came twice");
    expect(lost?.faults.join()).toContain("did not come");
  });
});
