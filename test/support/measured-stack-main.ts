/**
 * A bridge with a dispatcher, in a process whose memory can be asked for: `node --expose-gc measured-stack-main.ts JSON`.
 * It says `{"port"}` when it is ready, and answers each message with a `Measure`.
 */
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import type { BridgeConfig, Census, Network } from "../../bridges/index.ts";
import { LocalStack } from "./local-stack.ts";

/** Its argument. */
export interface MeasuredStackConfig {
  readonly host: string;
  readonly port: number;
  readonly bridge: Partial<BridgeConfig>;
}

/** What it holds, after everything that nobody needs any more was collected. */
export interface Measure {
  readonly census: Census;
  readonly heapBytes: number;
}

const { host, port, bridge }: MeasuredStackConfig = JSON.parse(process.argv[2] ?? "");
const stack = await LocalStack.start({ network: makeNetwork(), bridge });

process.on("disconnect", () => process.exit(0));
process.on("message", () => {
  if (globalThis.gc === undefined) throw new Error("started without --expose-gc");
  globalThis.gc();
  process.send?.({ census: stack.bridge.census, heapBytes: process.memoryUsage().heapUsed } satisfies Measure);
});
process.send?.({ port: stack.port() });

function makeNetwork(): Network {
  const log = pino({ level: "warn" }, pino.destination(2));
  const parts = { node: 1, log, now: Date.now, random: Math.random, newId: randomUUID };
  return new IrcNetwork({ ...ircSchema.parse({ host, port, joinTimeoutMs: 60_000 }), host }, parts);
}
