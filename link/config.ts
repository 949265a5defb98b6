import { z } from "zod";

const milliseconds = z
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1);
const bytes = z.number().int().positive();

/** What can be tuned about links. `maxFrameBytes` must be the same at both ends, and the hello checks it. */
export const linkSchema = z
  .strictObject({
    heartbeatMs: milliseconds.default(5_000).describe("milliseconds without a byte from the peer before it is pinged"),
    deadAfterMs: milliseconds
      .default(15_000)
      .describe("milliseconds without a byte from the peer before the link is closed"),
    handshakeTimeoutMs: milliseconds.default(5_000).describe("milliseconds for connecting and the hello"),
    maxUnproven: z
      .number()
      .int()
      .positive()
      .default(64)
      .describe("connections to one bridge that are still in their hello"),
    highWaterBytes: bytes
      .default(1_048_576)
      .describe("bytes waiting to be written above which a link says that it is full"),
    maxQueuedBytes: bytes.default(67_108_864).describe("bytes waiting to be written above which a link is closed"),
    maxFrameBytes: bytes
      .min(65_536)
      .max(2 ** 30)
      .default(8_388_608)
      .describe("bytes of one frame; the same at both ends"),
  })
  .refine((link) => link.deadAfterMs >= 2 * link.heartbeatMs, {
    path: ["deadAfterMs"],
    message: "must be at least twice heartbeatMs, or a healthy peer has no time to answer",
  })
  .refine((link) => link.maxQueuedBytes > link.highWaterBytes && link.maxQueuedBytes > link.maxFrameBytes, {
    path: ["maxQueuedBytes"],
    message: "must be more than highWaterBytes and more than maxFrameBytes",
  });

export type LinkConfig = Readonly<z.infer<typeof linkSchema>>;
