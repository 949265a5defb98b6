import { ERRORS, isChannel, isMeta, isPattern, isService } from "../../bayeux/index.ts";
import { channelNamed } from "../naming.ts";
import { isHalo } from "../halo/halo-name.ts";
import { isUserChannel } from "../identity/user-channel.ts";
import { isPresence, watchedChannel } from "../presence/presence-channel.ts";
import type { Access, MappingRule } from "./config.ts";
import type { Explanation, MappedNetwork, Mapping } from "./mapping.ts";
import { baseOf } from "./pattern.ts";

/** Lines that tell of a name, or what is wrong with it. */
export type Description =
  { readonly lines: string[]; readonly fault?: undefined } | { readonly fault: string; readonly lines?: undefined };

/** A mapping, and what it was made of. */
export interface DescribedMapping {
  readonly mapping: Mapping;
  readonly rules: readonly MappingRule[];
  readonly networks: readonly MappedNetwork[];
}

const ACCESS: Readonly<Record<Access, string>> = {
  both: "browsers subscribe and publish",
  "read-only": "read-only: browsers subscribe",
  "publish-only": "publish-only: browsers publish",
  none: "none: browsers are refused",
};

/** The bridge alone speaks in presence channels. */
const PRESENCE_ACCESS: Readonly<Record<Access, string>> = {
  ...ACCESS,
  both: ACCESS["read-only"],
  "publish-only": ACCESS.none,
};

/**
 * Tells people where a name goes, and why.
 *
 * @param name a channel, or a foreign name, which is looked up in every network
 * @returns lines, or what is wrong with the name
 */
export function describeName(name: string, described: DescribedMapping): Description {
  if (name.startsWith("/")) {
    const fault = channelFault(name);
    return fault === null ? { lines: describe(name, described) } : { fault };
  }
  const { networks, mapping } = described;
  const found = networks.flatMap(({ name: network, names }) => {
    const channel = channelNamed(name, mapping.naming(network), names);
    return channel === null ? [] : [channel];
  });
  if (found.length > 0) return { lines: found.flatMap((channel) => describe(channel, described)) };
  const where = networks.map((network) => network.name).join(" or ");
  return { fault: `is no channel, since those begin with /, and on ${where} it is the name of none` };
}

function channelFault(name: string): string | null {
  if (isMeta(name)) return "meta channels go to no network";
  if (isPattern(name)) return "is a pattern; each channel that it matches goes its own way";
  if (!isChannel(name)) return `is no channel: ${ERRORS.badChannel[1]}`;
  if (isUserChannel(name)) return "is between one browser user and one person, so it is no channel of a network";
  if (isHalo(name)) return "shows the stack itself, so it is no channel of a network";
  const watched = watchedChannel(name);
  if (!isPresence(name)) return null;
  return watched === null || [isPresence, isMeta, isService, isHalo].some((isNone) => isNone(watched))
    ? "is about no channel"
    : null;
}

function describe(channel: string, { mapping, rules }: DescribedMapping): string[] {
  const explanation = mapping.explain(channel);
  const { about, network, foreignName, access, takenBy } = explanation;
  const rows: [string, string][] = [["network", network]];
  if (about !== channel) rows.unshift(["about", about]);
  if (access !== "none") rows.push(["name", foreignName]);
  rows.push(
    ["access", about === channel ? ACCESS[access] : PRESENCE_ACCESS[access]],
    ["because", reason(explanation, rules, mapping)],
  );
  if (takenBy !== null) rows.push(["refused", `${takenBy} has this name`]);
  return [channel, ...rows.map(([key, value]) => `  ${key.padEnd(8)} ${value}`)];
}

function reason({ rule: position, network }: Explanation, rules: readonly MappingRule[], mapping: Mapping): string {
  const rule = position === null ? undefined : rules[position];
  if (position === null || !rule) return `no rule matches, and ${network} is the default network`;
  const words = [`rule ${position + 1} matches: ${rule.channels}`];
  if (rule.name !== undefined) words.push("which gives it this name");
  if (rule.stripPrefix) words.push(`which strips ${baseOf(rule.channels)}`);
  if (rule.network === undefined && rule.access !== "none")
    words.push(`and ${mapping.defaultNetwork} is the default network`);
  return words.join(", ");
}
