import { z } from "zod";
import { addressSchema } from "../link/index.ts";
import { MAX_BRIDGES } from "./control.ts";
import { scaleSchema } from "./scale-config.ts";

const whole = z.number().int();
const milliseconds = whole.min(1).max(3_600_000);

/** The settings of HaloD. */
export const halodSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("address to listen on for bridges and dispatchers"),
  port: whole.min(0).max(65_535).default(7_071).describe("TCP port for bridges and dispatchers; 0 = any free port"),
  file: z
    .string()
    .min(1)
    .default("tailspin-halod.json")
    .describe("where HaloD keeps who is in the cluster, to carry on after a restart"),
  standbyOf: addressSchema
    .or(z.literal(""))
    .default("")
    .describe(
      "host:port of the HaloD that this one follows, and takes over from; unset: this one makes the first table",
    ),
  withoutOthers: whole
    .min(0)
    .default(0)
    .describe("the term that `tailspin status` tells: go on without all who are gone; see docs/halod.md; 0 = never"),
  nodes: whole.min(1).default(1).describe("bridges that have to register before the first table is made"),
  formAfterMs: milliseconds
    .default(30_000)
    .describe("milliseconds after the first bridge at which the first table is made anyway"),
  spares: whole.min(0).default(0).describe("bridges that stay in reserve, to take the place of one that dies"),
  failAfterMs: milliseconds
    .default(500)
    .describe("milliseconds after a bridge's connection was lost at which it counts as dead, unless it is back"),
  silenceMs: milliseconds
    .min(100)
    .default(10_000)
    .describe("milliseconds without a byte on an open connection after which it counts as lost"),
  graceMs: milliseconds
    .default(10_000)
    .describe("milliseconds for all bridges to come back after the first one has, when HaloD was restarted or cut off"),
  prepareMs: milliseconds
    .default(2_000)
    .describe(
      "milliseconds that bridges and dispatchers have to prepare for a table that moves routes of bridges that live",
    ),
  maxBridges: whole.min(1).max(MAX_BRIDGES).default(1_024).describe("bridges that may register, spares included"),
  maxDispatchers: whole.min(1).default(1_024).describe("dispatchers that may register"),
  autoscale: scaleSchema.prefault({}),
});

/** The settings of HaloD, complete. */
export type HalodConfig = Readonly<z.infer<typeof halodSchema>>;

/** The settings of `tailspin status`. */
export const statusSchema = z.strictObject({
  halod: addressSchema.default("127.0.0.1:7071").describe("host:port of the HaloD that is asked"),
  timeoutMs: milliseconds.default(2_000).describe("milliseconds that it may take to answer"),
});
