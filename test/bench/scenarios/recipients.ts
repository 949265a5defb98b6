import { alternate, FanOut, medianRatio, type Pace, type Sample } from "../fan-out.ts";
import type { Plan } from "../plan.ts";
import { median, type Findings } from "../report.ts";
import { startTailSpin } from "../stack.ts";

/** The same for both: a bridge that is asked for more at a time pays less per message. */
const PACE: Pace = { outstanding: 16, restMs: 0 };

/** What a recipient costs the bridge: the same messages to 1,000 browsers, and to one. */
export async function recipients(plan: Plan): Promise<Findings> {
  await using many = await startTailSpin(plan.signal);
  await using one = await startTailSpin(plan.signal);
  const transport = "websocket";
  await using toMany = await FanOut.start(many, { transport, channel: "many", subscribers: 1_000 }, plan);
  await using toOne = await FanOut.start(one, { transport, channel: "one", subscribers: 1 }, plan);

  plan.say("Bridge, 1,000 recipients and 1");
  const [manySamples = [], oneSamples = []] = await alternate([toMany, toOne], PACE, plan);
  const unit = "µs of the bridge per message";
  return {
    figures: [
      { name: "Bridge, 1,000 recipients", value: median(manySamples.map(bridgeUs)), unit },
      { name: "Bridge, 1 recipient", value: median(oneSamples.map(bridgeUs)), unit },
    ],
    ratios: [
      {
        name: "Bridge: CPU per message with 1,000 recipients / with 1",
        ratio: medianRatio(manySamples, oneSamples, bridgeUs),
        target: 30,
        bound: "at most",
      },
    ],
  };
}

function bridgeUs({ cpu, messages }: Sample): number {
  return (1_000 * (cpu["bridge"] ?? 0)) / messages;
}
