import { randomUUID } from "node:crypto";
import { pino } from "pino";
import type { Network } from "../../bridges/index.ts";
import { CometdClient } from "./cometd-client.ts";
import { LocalStack } from "./local-stack.ts";

/** What a network of the tests of puppets is set to: names of their own, and no long waits. */
export const PUPPET_SETTINGS = { identity: "puppet", reconnectMinMs: 20, reconnectMaxMs: 100 } as const;

/** What such a network is made with. */
export const PUPPET_PARTS = {
  node: 1,
  log: pino({ level: "silent" }),
  now: Date.now,
  random: Math.random,
  newId: () => randomUUID(),
};

/** A stack whose puppets linger for half a second. */
export function startPuppetStack(network: Network): Promise<LocalStack> {
  return LocalStack.start({ network, bridge: { puppetLingerMs: 500 } });
}

/** Opens a page of somebody. @param browser the cookie that several pages may share */
export function openPage(stack: LocalStack, name: string, browser?: string): Promise<CometdClient> {
  return CometdClient.open(`http://127.0.0.1:${stack.port()}`, {
    transport: "long-polling",
    name,
    ...(browser === undefined ? {} : { browser }),
  });
}
