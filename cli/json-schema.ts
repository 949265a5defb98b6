import type { z } from "zod";
import { toSchemaNode } from "./schema-node.ts";

/** The JSON Schema of the configuration file, for editors, as text. */
export function renderJsonSchema(schema: z.ZodObject): string {
  return `${JSON.stringify({ title: "TailSpin configuration", ...toSchemaNode(schema) }, undefined, 2)}\n`;
}
