import { alternate, describe, FanOut, medianRatio, microsecondsPerDelivery, type Pace } from "../fan-out.ts";
import type { Plan } from "../plan.ts";
import type { Findings } from "../report.ts";
import { startBare, startFaye, startTailSpin } from "../stack.ts";

const AUDIENCE = { transport: "websocket", channel: "bench", subscribers: 1_000 } as const;
/** Longer than the dispatcher gathers for, so that each message finds idle sockets and leaves alone. */
const ALONE: Pace = { outstanding: 1, restMs: 15 };
const CROWD: Pace = { outstanding: 16, restMs: 0 };

/** One channel, 1,000 WebSockets: messages that leave alone, and messages that leave together. */
export async function webSocket(plan: Plan): Promise<Findings> {
  await using tailspin = await startTailSpin(plan.signal);
  await using faye = await startFaye(plan.signal);
  await using bare = await startBare(plan.signal);
  await using ours = await FanOut.start(tailspin, AUDIENCE, plan);
  await using theirs = await FanOut.start(faye, AUDIENCE, plan);
  await using loop = await FanOut.start(bare, AUDIENCE, plan);

  plan.say("WebSocket, 1,000 subscribers, one message per flush");
  const [oursAlone = [], loopAlone = [], fayeAlone = []] = await alternate([ours, loop, theirs], ALONE, plan);
  plan.say("WebSocket, 1,000 subscribers, 16 messages outstanding");
  const [oursCrowd = [], fayeCrowd = []] = await alternate([ours, theirs], CROWD, plan);

  const alone = "WebSocket, one message per flush";
  const crowd = "WebSocket, 16 messages outstanding";
  return {
    figures: [
      ...describe(alone, ours, oursAlone),
      ...describe(alone, loop, loopAlone),
      ...describe(alone, theirs, fayeAlone),
      ...describe(crowd, ours, oursCrowd),
      ...describe(crowd, theirs, fayeCrowd),
    ],
    ratios: [
      {
        name: `${alone}: dispatcher CPU / bare socket.write loop`,
        ratio: medianRatio(
          oursAlone,
          loopAlone,
          (sample) => microsecondsPerDelivery(sample, "dispatcher"),
          (sample) => microsecondsPerDelivery(sample),
        ),
        target: 1.15,
        bound: "at most",
      },
      {
        name: `${alone}: deliveries per CPU-second, all tiers / faye`,
        ratio: medianRatio(fayeAlone, oursAlone, microsecondsPerDeliveryOfAll),
        target: 1.4,
        bound: "at least",
      },
      {
        name: `${crowd}: deliveries per CPU-second, all tiers / faye`,
        ratio: medianRatio(fayeCrowd, oursCrowd, microsecondsPerDeliveryOfAll),
        target: 14,
        bound: "at least",
      },
    ],
  };
}

const microsecondsPerDeliveryOfAll = (sample: Parameters<typeof microsecondsPerDelivery>[0]): number =>
  microsecondsPerDelivery(sample);
