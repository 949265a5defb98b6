import type { IncomingMessage, ServerResponse } from "node:http";
import { refuse } from "./refusal.ts";

export const ITERATION_PATH = "/halo/iteration";

/** Which table a dispatcher follows. */
export interface Iteration {
  /** The table's epoch; 0 = none yet. */
  readonly iteration: number;
  /** How many there are. */
  readonly routes: number;
}

/** Tells clients that go by DNS in which names the routes are found now; origins are judged before. */
export function serveIteration(
  { iteration, routes }: Iteration,
  { method }: IncomingMessage,
  response: ServerResponse,
): void {
  if (method !== "GET" && method !== "HEAD")
    return refuse(response, 405, "The iteration is asked for by GET", { allow: "GET, HEAD, OPTIONS" });
  const isKnown = iteration > 0;
  const body = isKnown ? { iteration, routes } : { error: "this dispatcher has no table yet; try again" };
  response.writeHead(isKnown ? 200 : 503, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(isKnown ? {} : { "retry-after": "1" }),
  });
  response.end(JSON.stringify(body));
}
