import { randomUUID } from "node:crypto";
import type { Publication } from "../../bridges/index.ts";

/** A publish that was never sent before. */
export function publication(data: unknown, from: string | null = null): Publication {
  return { data, from, originId: randomUUID() };
}
