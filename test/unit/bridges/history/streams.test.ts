import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Stage } from "../stage.ts";
import { anySteps, NetworkModel, soundSteps } from "./network-model.ts";
import type { Step, Subscriber } from "./network-model.ts";
import { toldOf } from "./told.ts";

const RUNS = 200;

/** What is wrong with what a subscriber was told; nothing where every hole has its notice, and nothing comes twice. */
function faultsOf({ socket, base }: Subscriber, said: number): string[] {
  const faults: string[] = [];
  let last = base;
  let isTold = false;
  let before: string | null = null;
  for (const one of toldOf(socket.messages)) {
    if (one.startsWith("gap")) {
      isTold = true;
      const end = one.split(" ")[2];
      before = end === undefined || end === "null" ? null : end;
      continue;
    }
    const number = Number(one);
    if (before !== null && before !== one) faults.push(`a gap ended at ${before}, and ${one} came`);
    if (last !== null && number <= last) faults.push(`${number} after ${last}`);
    if (last !== null && number > last + 1 && !isTold) faults.push(`${number} after ${last}, without a notice`);
    [last, isTold, before] = [number, false, null];
  }
  if (last !== said) faults.push(`the last one is ${last}, not ${said}`);
  return faults;
}

async function play(steps: readonly Step[], isLagging: boolean): Promise<NetworkModel> {
  await using stage = await Stage.start({ gapFillTimeoutMs: 2_000 });
  const model = new NetworkModel(stage, isLagging);
  await model.play(steps);
  return model;
}

describe("a channel's stream, whatever its network does", () => {
  it("brings everybody each message once, in order, or a notice where some may be missing", async () => {
    const property = fc.asyncProperty(anySteps, async (steps) => {
      const model = await play(steps, true);
      for (const one of model.subscribers) expect(faultsOf(one, model.said)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it("has no gap at all where the network's history has none", async () => {
    const property = fc.asyncProperty(soundSteps, async (steps) => {
      const model = await play(steps, false);
      for (const one of model.subscribers) {
        expect(faultsOf(one, model.said)).toEqual([]);
        expect(toldOf(one.socket.messages).filter((told) => told.startsWith("gap"))).toEqual([]);
      }
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});
