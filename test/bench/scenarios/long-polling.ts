import { alternate, describe, FanOut, medianRatio, microsecondsPerDelivery, type Pace } from "../fan-out.ts";
import type { Plan } from "../plan.ts";
import type { Findings } from "../report.ts";
import { startFaye, startTailSpin } from "../stack.ts";

const AUDIENCE = { transport: "long-polling", channel: "bench", subscribers: 200 } as const;
/** Time for every poll to be parked again, so that each is answered with one message. */
const PACE: Pace = { outstanding: 1, restMs: 10 };

/** One channel, 200 long-polling clients, one message per poll. */
export async function longPolling(plan: Plan): Promise<Findings> {
  await using tailspin = await startTailSpin(plan.signal);
  await using faye = await startFaye(plan.signal);
  await using ours = await FanOut.start(tailspin, AUDIENCE, plan);
  await using theirs = await FanOut.start(faye, AUDIENCE, plan);

  plan.say("Long-polling, 200 subscribers, one message per poll");
  const [oursSamples = [], fayeSamples = []] = await alternate([ours, theirs], PACE, plan);

  const title = "Long-polling, one message per poll";
  return {
    figures: [...describe(title, ours, oursSamples), ...describe(title, theirs, fayeSamples)],
    ratios: [
      {
        name: `${title}: deliveries per CPU-second, all tiers / faye`,
        ratio: medianRatio(fayeSamples, oursSamples, (sample) => microsecondsPerDelivery(sample)),
        target: 3,
        bound: "at least",
      },
    ],
  };
}
