/** Load client: one publisher, one channel, many subscribers. Its argument is a `FanOutConfig` as JSON. */
import { createHistogram } from "node:perf_hooks";
import { setTimeout as rest } from "node:timers/promises";
import { Audience } from "./audience.ts";
import { argument, fail, report, serveCommands } from "./child.ts";
import type { Command, FanOutConfig, Report } from "./protocol.ts";
import { startPublisher, type Publisher } from "./publisher.ts";

let sent = 0;

try {
  const config = readConfig();
  const audience = new Audience(config);
  await audience.open();
  const publisher = await startPublisher(config, (reason) => audience.fail(`publisher: ${reason}`));
  serveCommands((command) => serve(command, config, audience, publisher));
  report({ type: "ready", port: 0 });
} catch (error) {
  fail(error);
}

async function serve(
  command: Command,
  { subscribers }: FanOutConfig,
  audience: Audience,
  publisher: Publisher,
): Promise<Report> {
  if (command.type !== "publish") throw new Error(`a fan-out cannot ${command.type}`);
  const { maxMessages, maxMs, outstanding, restMs, isTimed = false } = command;
  const { deliveries, batches } = audience;
  const first = sent;
  const latencies = createHistogram();
  let sentAt = 0;
  audience.onNumber = isTimed ? () => latencies.record(microseconds(performance.now() - sentAt)) : null;
  const deadline = performance.now() + maxMs;
  while (sent - first < maxMessages && performance.now() < deadline) {
    sentAt = performance.now();
    publisher.publish(sent + 1, outstanding);
    sent += outstanding;
    await audience.expect(outstanding * subscribers);
    if (restMs > 0) await rest(restMs);
  }
  audience.check();
  return {
    type: "published",
    messages: sent - first,
    deliveries: audience.deliveries - deliveries,
    batches: audience.batches - batches,
    p99Ms: latencies.percentile(99) / 1_000,
  };
}

/** A histogram takes whole numbers from 1. */
function microseconds(ms: number): number {
  return Math.max(1, Math.round(1_000 * ms));
}

function readConfig(): FanOutConfig {
  const config = argument();
  if (!isConfig(config)) throw new Error("the argument is no FanOutConfig");
  return config;
}

function isConfig(value: unknown): value is FanOutConfig {
  return typeof value === "object" && value !== null && "subscribers" in value && "publishing" in value;
}
