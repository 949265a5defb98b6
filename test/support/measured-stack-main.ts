/**
 * A bridge with a dispatcher, in a process whose memory can be asked for: `node --expose-gc measured-stack-main.ts JSON`.
 * It says `{"port"}` when it is ready, and answers each message with a `Measure`.
 */
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import type { BridgeConfig, Census, Network } from "../../bridges/index.ts";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import { XmppNetwork, xmppSchema } from "../../bridges/xmpp/index.ts";
import type { DispatcherConfig } from "../../dispatcher/index.ts";
import { LocalStack } from "./local-stack.ts";

/** Its argument. */
export interface MeasuredStackConfig {
  readonly network: NetworkChoice;
  readonly bridge: Partial<BridgeConfig>;
  readonly dispatcher: Partial<DispatcherConfig>;
}

/** A network, and its settings as in a configuration file, of which the others have their defaults. */
export interface NetworkChoice {
  readonly kind: "irc" | "xmpp";
  readonly settings: { readonly host: string } & Readonly<Record<string, unknown>>;
}

/** What it holds, after everything that nobody needs any more was collected. */
export interface Measure {
  readonly census: Census;
  readonly heapBytes: number;
}

const { network, ...config }: MeasuredStackConfig = JSON.parse(process.argv[2] ?? "");
const stack = await LocalStack.start({ network: makeNetwork(network), ...config });

process.on("disconnect", () => process.exit(0));
process.on("message", () => {
  if (globalThis.gc === undefined) throw new Error("started without --expose-gc");
  globalThis.gc();
  process.send?.({ census: stack.bridge.census, heapBytes: process.memoryUsage().heapUsed } satisfies Measure);
});
process.send?.({ port: stack.port() });

function makeNetwork({ kind, settings }: NetworkChoice): Network {
  const log = pino({ level: "warn" }, pino.destination(2));
  const parts = { node: 1, log, now: Date.now, random: Math.random, newId: randomUUID };
  if (kind === "xmpp") return new XmppNetwork(xmppSchema.parse(settings), parts);
  return new IrcNetwork({ ...ircSchema.parse(settings), host: settings.host }, parts);
}
