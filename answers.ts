/** The commands that answer and end: what they say, put together from the folders that know it. */
import { randomBytes, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { pino } from "pino";
import { MAX_ROUTES } from "./bayeux/index.ts";
import { describeName, makeMapping } from "./bridges/index.ts";
import { ConfigError, label, readOptions, type Topic } from "./cli/index.ts";
import type { Config } from "./config.ts";
import { answerTable, answerZone, askStatus, statusText, tableSchema, zoneSchema } from "./halod/index.ts";
import { FaultCounter } from "./link/index.ts";
import { networksOf } from "./networks.ts";

/** The commands that only calculate, from their flags alone. */
export const CALCULATORS = { "halod table": tableSchema(MAX_ROUTES), "halod zone": zoneSchema(MAX_ROUTES) } as const;

/** Whether a command needs no configuration. */
export function isCalculator(topic: Topic): topic is keyof typeof CALCULATORS {
  return Object.hasOwn(CALCULATORS, topic);
}

/** What a command prints that only calculates. @throws ConfigError */
export function calculate(command: keyof typeof CALCULATORS, flags: readonly string[]): string {
  if (command === "halod zone") return answerZone(readOptions(CALCULATORS[command], flags));
  const options = readOptions(CALCULATORS[command], flags);
  const answer = answerTable(options);
  if (options.svg === undefined || options.svg === "-") return answer;
  try {
    writeFileSync(options.svg, answer);
  } catch (error) {
    throw new ConfigError([`--svg: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return `${label(options.svg)}: the picture is written\n`;
}

/** What `tailspin status` prints. @throws LinkError where HaloD does not answer */
export async function describeStatus({ status, routes, secret, link }: Config): Promise<string> {
  const log = pino({ level: "silent" });
  const asked = { address: status.halod, timeoutMs: status.timeoutMs, routes, secret, config: link, log };
  const faults = new FaultCounter(log, () => performance.now());
  const answer = await askStatus({ ...asked, faults, instance: randomUUID(), randomBytes, random: Math.random });
  return statusText(answer, Date.now());
}

/** What `tailspin map` prints. @throws ConfigError that tells all names that are none */
export function describeNames(names: readonly string[], { mapping: rules, ...config }: Config): string {
  const networks = networksOf(config, true);
  const described = { rules, networks, mapping: makeMapping(rules, networks) };
  const answers = names.map((name) => ({ name, ...describeName(name, described) }));
  const faults = answers.flatMap(({ name, fault }) => (fault === undefined ? [] : [`${label(name)}: ${fault}`]));
  if (faults.length > 0) throw new ConfigError(faults, "in the names");
  return answers.map(({ lines = [] }) => `${lines.join("\n")}\n`).join("\n");
}
