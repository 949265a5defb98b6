import { z } from "zod";
import { isChannel, isPattern } from "../../bayeux/index.ts";

const ACCESS = ["both", "read-only", "publish-only", "none"] as const;

/** Faults of the rules among each other are looked for pair by pair. */
const MAX_RULES = 100;

const rule = z.strictObject({
  channels: z.string().refine((name) => isChannel(name) || isPattern(name), "must be a channel or a pattern"),
  network: z.string().optional(),
  name: z.string().optional(),
  stripPrefix: z.boolean().default(false),
  access: z.enum(ACCESS).default("both"),
});

/** The mapping's section of the configuration. */
export const mappingSchema = z
  .array(rule)
  .max(MAX_RULES)
  .default([])
  .describe(
    "which network a channel goes to, its name there, and what browsers may do; the first rule that matches counts",
  );

/** What browsers may do with a channel: subscribe and publish, one of them, or nothing. */
export type Access = (typeof ACCESS)[number];

/** One rule. */
export type MappingRule = Readonly<z.infer<typeof rule>>;
