import { isMeta, isPattern } from "../../bayeux/index.ts";
import { foreignName } from "../naming.ts";
import { isHalo } from "../halo/halo-name.ts";
import { isUserChannel } from "../identity/user-channel.ts";
import { isPresence } from "../presence/presence-channel.ts";
import type { MappingRule } from "./config.ts";
import { makeMapping, type MappedNetwork, type Mapping } from "./mapping.ts";
import { baseOf, covers } from "./pattern.ts";

/** What is wrong with a mapping, and where: the rule's position, and its key. */
export interface MappingFault {
  readonly path: readonly [position: number, key: keyof MappingRule];
  readonly message: string;
}

/**
 * Looks for everything that is wrong with a mapping.
 *
 * @param networks those that are configured, the default one first; without any, that is the fault to tell
 * @param unset networks that could be configured and are not, each with the keys that would do it
 */
export function mappingFaults(
  rules: readonly MappingRule[],
  networks: readonly MappedNetwork[],
  unset: ReadonlyMap<string, string> = new Map(),
): MappingFault[] {
  const faults = rules.flatMap((rule, position) => [
    ...ruleFaults(rule, position, networks, unset),
    ...coverFaults(rules, position),
  ]);
  // Names can be compared only where each is one.
  return faults.length > 0 || networks.length === 0 ? faults : nameFaults(rules, networks);
}

function ruleFaults(
  rule: MappingRule,
  position: number,
  networks: readonly MappedNetwork[],
  unset: ReadonlyMap<string, string>,
): MappingFault[] {
  const { channels, name, stripPrefix } = rule;
  const faults: MappingFault[] = [];
  const refuse = (key: keyof MappingRule, message: string) => faults.push({ path: [position, key], message });
  if (isMeta(channels)) refuse("channels", "meta channels go to no network");
  else if (isHalo(channels)) refuse("channels", "shows the stack itself and goes to no network");
  else if (isPresence(channels)) refuse("channels", "a presence channel goes where the channel goes that it is about");
  const network = rule.network === undefined ? networks[0] : networks.find((one) => one.name === rule.network);
  if (!network && networks.length > 0) refuse("network", unknownNetwork(rule.network ?? "", networks, unset));
  if (stripPrefix && !isPattern(channels)) refuse("stripPrefix", "only a pattern has a prefix to strip");
  if (stripPrefix && isPattern(channels) && baseOf(channels) === "") {
    refuse("stripPrefix", `nothing stands before the wildcard of ${channels}`);
  }
  if (name === undefined) return faults;
  if (isPattern(channels)) refuse("name", "only a channel can have a name, not a pattern");
  if (isUserChannel(channels)) refuse("name", "what is below /user goes to people, who are called as they are called");
  const fault = network?.names.faultOf(name) ?? null;
  if (network && fault !== null) refuse("name", `is no name for ${network.name}: ${fault}`);
  return faults;
}

function unknownNetwork(name: string, networks: readonly MappedNetwork[], unset: ReadonlyMap<string, string>): string {
  const known = `configured: ${networks.map((network) => network.name).join(", ")}`;
  const keys = unset.get(name);
  return keys === undefined ? `must be a network that is configured; ${known}` : `needs ${keys}; ${known}`;
}

function coverFaults(rules: readonly MappingRule[], position: number): MappingFault[] {
  const channels = rules[position]?.channels ?? "";
  const earlier = rules.findIndex((rule, other) => other < position && covers(rule.channels, channels));
  if (earlier < 0) return [];
  const by = `rule ${earlier + 1}, ${rules[earlier]?.channels ?? ""}`;
  return [{ path: [position, "channels"], message: `never counts: ${by}, comes before and matches all of it` }];
}

/** Somebody who has a foreign name. */
interface Holder {
  readonly channel: string;
  readonly rule: number | null;
}

/** Two channels with one foreign name, each pair of rules told once, with an example. */
function nameFaults(rules: readonly MappingRule[], networks: readonly MappedNetwork[]): MappingFault[] {
  const mapping = makeMapping(rules, networks);
  const found = new Map<string, MappingFault>();
  for (const [name, [first, ...others]] of holdersOf(rules, networks, mapping)) {
    if (!first) continue;
    for (const other of others) {
      const [early, late] = (first.rule ?? Infinity) < (other.rule ?? Infinity) ? [first, other] : [other, first];
      const position = late.rule ?? early.rule;
      if (position === null || !mayConflict(rules, early, late)) continue;
      const pair = `${early.rule} ${late.rule}`;
      if (!found.has(pair)) found.set(pair, { path: keyOf(rules, position), message: conflict(name, early, late) });
    }
  }
  return [...found.values()];
}

/** An alias takes its name from a channel that would only have it by its own name; all else is a conflict. */
function mayConflict(rules: readonly MappingRule[], ...holders: readonly Holder[]): boolean {
  const ofRules = holders.map(({ rule }) => (rule === null ? undefined : rules[rule]));
  const hasAlias = ofRules.some((rule) => rule?.name !== undefined);
  return !hasAlias || ofRules.every((rule) => rule?.name !== undefined || rule?.stripPrefix === true);
}

function keyOf(rules: readonly MappingRule[], position: number): [number, keyof MappingRule] {
  const rule = rules[position];
  return [position, rule?.name !== undefined ? "name" : rule?.stripPrefix ? "stripPrefix" : "channels"];
}

function conflict(foreign: string, { channel, rule }: Holder, late: Holder): string {
  const by = rule === null ? "by no rule" : `by rule ${rule + 1}`;
  const end = late.rule === null ? " (by no rule)" : "";
  const way = "a rule with access none can take one of them away";
  return `${channel} (${by}) and ${late.channel}${end} would both be ${foreign}; ${way}`;
}

/**
 * Every name that more than one of some channels has. Which channels share one is decided by the segments that rules name;
 * so one channel for each way that rules can tell channels apart is as good as all.
 */
function holdersOf(
  rules: readonly MappingRule[],
  networks: readonly MappedNetwork[],
  mapping: Mapping,
): Map<string, Holder[]> {
  const holders = new Map<string, Holder[]>();
  for (const channel of witnesses(rules, networks)) {
    const { rule, access, network: networkName } = mapping.explain(channel);
    const network = networks.find(({ name }) => name === networkName);
    if (access === "none" || !network || isPresence(channel) || isHalo(channel)) continue;
    const foreign = foreignName(channel, mapping.naming(networkName), network.names);
    const key = `${network.names.fold(foreign)} on ${networkName}`;
    const known = holders.get(key);
    if (known) known.push({ channel, rule });
    else holders.set(key, [{ channel, rule }]);
  }
  return holders;
}

function witnesses(rules: readonly MappingRule[], networks: readonly MappedNetwork[]): Set<string> {
  const fresh = freshSegment(rules);
  const bases = rules.map(({ channels }) => (isPattern(channels) ? baseOf(channels) : channels));
  const seeds = new Set(["", ...bases].flatMap((base) => [base, `${base}/${fresh}`, `${base}/${fresh}/${fresh}`]));
  for (const { name, network } of rules) {
    const names = networks.find((one) => one.name === (network ?? networks[0]?.name))?.names;
    const local = name === undefined ? null : (names?.decode(name) ?? null);
    if (local !== null) seeds.add(local);
  }
  const prefixes = new Set(rules.flatMap(({ channels, stripPrefix }) => (stripPrefix ? [baseOf(channels)] : [])));
  const all = new Set(seeds);
  for (const seed of seeds) {
    for (const prefix of prefixes) {
      all.add(prefix + seed);
      if (seed.startsWith(`${prefix}/`)) all.add(seed.slice(prefix.length));
    }
  }
  all.delete("");
  return all;
}

/** A segment that no rule names, so that it stands for all others. */
function freshSegment(rules: readonly MappingRule[]): string {
  const named = new Set(rules.flatMap(({ channels, name = "" }) => [...channels.split("/"), name]));
  let segment = "room";
  for (let count = 1; named.has(segment); count++) segment = `room${count}`;
  return segment;
}
