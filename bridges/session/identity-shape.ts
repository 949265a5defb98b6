import { z } from "zod";

const hash = z.string().regex(/^([0-9a-f]{32})?$/, "must be 32 hexadecimal digits, or empty");

/** Who a session is: what snapshots and tickets both say of it. */
export const identityShape = {
  publicId: z.string().regex(/^[0-9a-f]{1,64}$/, "must be hexadecimal digits"),
  name: z.string().min(1).max(1_024).nullable(),
  isAck: z.boolean(),
  context: z.strictObject({
    via: z.enum(["post", "get", "upgrade"]),
    isMultiplexed: z.boolean(),
    browser: hash,
    origin: hash,
    address: hash,
  }),
} as const;
