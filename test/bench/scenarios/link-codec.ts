import { FrameDecoder } from "../../../link/frame-decoder.ts";
import { Outbox } from "../../../link/outbox.ts";
import type { DeliverFrame } from "../../../link/index.ts";
import { dataOf } from "../load/message.ts";
import type { Plan } from "../plan.ts";
import { median, type Findings } from "../report.ts";

const MAX_FRAME_BYTES = 8 * 1_024 * 1_024;
/** As long as what a socket hands over at a time. */
const CHUNK_BYTES = 65_536;
const WARM_UP_REPEATS = 4;
const REPEATS = 7;
const ONE_MESSAGES = 200_000;
const MANY_MESSAGES = 400;

/** The wire between the tiers, without sockets: frames to bytes, and bytes to frames with every recipient looked at. */
export function linkCodec(plan: Plan): Promise<Findings> {
  plan.say("Link codec");
  // A link carries both, for long: what is measured is code that has seen both, whichever came first.
  for (let repeat = 0; repeat < WARM_UP_REPEATS; repeat++) {
    runOnce(1, ONE_MESSAGES);
    runOnce(10_000, MANY_MESSAGES);
  }
  const toOne = measure(1, ONE_MESSAGES);
  const toMany = measure(10_000, MANY_MESSAGES);
  const oneUs = (toOne.encodeNs + toOne.decodeNs) / 1_000;
  const recipientNs = (toMany.encodeNs + toMany.decodeNs) / 10_000;
  return Promise.resolve({
    figures: [
      { name: "Link codec, one recipient, sender", value: toOne.encodeNs, unit: "ns per message" },
      { name: "Link codec, one recipient, receiver", value: toOne.decodeNs, unit: "ns per message" },
      { name: "Link codec, 10,000 recipients, sender", value: toMany.encodeNs / 10_000, unit: "ns per recipient" },
      { name: "Link codec, 10,000 recipients, receiver", value: toMany.decodeNs / 10_000, unit: "ns per recipient" },
    ],
    ratios: [
      { name: "Link codec: µs per message to one recipient, both ends", ratio: oneUs, target: 0.3, bound: "at most" },
      { name: "Link codec: ns per recipient at 10,000, both ends", ratio: recipientNs, target: 4, bound: "at most" },
    ],
  });
}

interface Cost {
  /** Per message. */
  readonly encodeNs: number;
  readonly decodeNs: number;
}

function measure(recipients: number, messages: number): Cost {
  const costs = Array.from({ length: REPEATS }, () => runOnce(recipients, messages));
  return { encodeNs: median(costs.map((it) => it.encodeNs)), decodeNs: median(costs.map((it) => it.decodeNs)) };
}

function runOnce(recipients: number, messages: number): Cost {
  const frame: DeliverFrame = {
    type: "deliver",
    seq: 1,
    recipients: Uint32Array.from({ length: recipients }, (_, index) => index + 1),
    payload: Buffer.from(dataOf(1)),
  };
  const perFlush = Math.max(1, Math.floor(CHUNK_BYTES / (4 * recipients + 128)));
  const outbox = new Outbox();
  const parts: Buffer[] = [];
  const encodeNs = cpuNs(() => {
    for (let sent = 0; sent < messages; sent++) {
      outbox.add(frame, MAX_FRAME_BYTES);
      if (sent % perFlush === 0) parts.push(...outbox.take());
    }
    parts.push(...outbox.take());
  });
  const bytes = Buffer.concat(parts);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));

  const decoder = new FrameDecoder("bridge", MAX_FRAME_BYTES);
  let sum = 0;
  let seen = 0;
  const decodeNs = cpuNs(() => {
    for (const chunk of chunks) {
      decoder.push(chunk, (it) => {
        if (it.type !== "deliver") return;
        seen++;
        sum += sumOf(it.recipients);
      });
    }
  });
  if (seen !== messages || sum !== (messages * recipients * (recipients + 1)) / 2) {
    throw new Error(`the codec lost something: ${seen} of ${messages} messages came out`);
  }
  return { encodeNs: encodeNs / messages, decodeNs: decodeNs / messages };
}

/** Looks at each. By index: an iterator would cost several times what the codec does. */
function sumOf(numbers: Uint32Array): number {
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) sum += numbers[index] ?? 0;
  return sum;
}

function cpuNs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1_000;
}
