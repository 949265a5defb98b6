import { BayeuxError, isChannel, isPattern } from "../../bayeux/index.ts";
import { foreignName, type ForeignNames, type Naming } from "../naming.ts";
import { isHalo } from "../halo/halo-name.ts";
import { isPresence, watchedChannel } from "../presence/presence-channel.ts";
import type { Access, MappingRule } from "./config.ts";
import { baseOf, covers, namesOf, overlaps } from "./pattern.ts";

/** A network that channels can go to. */
export interface MappedNetwork {
  readonly name: string;
  readonly names: ForeignNames;
}

/** Where a channel goes, and why. */
export interface Explanation {
  readonly channel: string;
  /** The channel that decides: for a presence channel the one that it is about, else the channel itself. */
  readonly about: string;
  readonly network: string;
  readonly foreignName: string;
  readonly access: Access;
  /** Position of the rule that counts; null where none does and the default network takes it. */
  readonly rule: number | null;
  /** The channel that this foreign name is given to; then there is no such channel here. */
  readonly takenBy: string | null;
}

/** Which network a channel goes to, under which name, and what browsers may do there. Made by `makeMapping`; pure. */
export interface Mapping {
  /** The network of channels that no rule names. */
  readonly defaultNetwork: string;
  /** The name of a channel's network; a presence channel goes where the channel that it is about goes. */
  networkOf(channel: string): string;
  /** Every network that could hold a channel which this pattern matches, in the order of the rules. */
  networksOf(pattern: string): readonly string[];
  /** What browsers may do with a channel, or with all channels of a pattern. */
  access(channelOrPattern: string): Access;
  /** @throws BayeuxError `forbidden` for a channel or pattern that browsers may not subscribe to */
  checkSubscribe(channelOrPattern: string): void;
  /** @throws BayeuxError `forbidden` for a channel that browsers may not publish to */
  checkPublish(channel: string): void;
  /** The channel that has this channel's foreign name by an alias, or null. */
  takenBy(channel: string): string | null;
  /** The names of one network's channels. */
  naming(network: string): Naming;
  explain(channel: string): Explanation;
}

/**
 * Makes the mapping that rules without faults (`mappingFaults`) describe.
 *
 * @param networks the first is the default
 * @throws TypeError without a network
 */
export function makeMapping(rules: readonly MappingRule[], networks: readonly MappedNetwork[]): Mapping {
  const [first] = networks;
  if (!first) throw new TypeError("a mapping needs a network");
  const defaultNetwork = first.name;
  const networkOfRule = (rule: MappingRule | undefined) => rule?.network ?? defaultNetwork;
  const namings = new Map(networks.map(({ name, names }) => [name, makeNaming(name, names)] as const));
  const ruleOf = finderOf(rules);
  return {
    defaultNetwork,
    networkOf: (channel) => networkOfRule(ruleOf(aboutOf(channel))),
    networksOf,
    access,
    checkSubscribe: (name) => checkAccess(name, access(name), "publish-only"),
    checkPublish: (channel) => checkAccess(channel, access(channel), "read-only"),
    takenBy,
    naming,
    explain,
  };

  function naming(network: string): Naming {
    const known = namings.get(network);
    if (!known) throw new TypeError(`no network ${network} in the mapping`);
    return known;
  }

  function access(name: string): Access {
    const about = aboutOf(name);
    if (!isPattern(about)) return ruleOf(about)?.access ?? "both";
    const rule = rules.find(({ channels }) => overlaps(channels, about));
    return rule && covers(rule.channels, about) ? rule.access : "both";
  }

  function networksOf(pattern: string): readonly string[] {
    const about = aboutOf(pattern);
    const found = new Set<string>();
    for (const rule of rules) {
      if (!overlaps(rule.channels, about)) continue;
      if (rule.access !== "none") found.add(networkOfRule(rule));
      if (covers(rule.channels, about)) return [...found];
    }
    return [...found.add(defaultNetwork)];
  }

  function takenBy(channel: string): string | null {
    const about = aboutOf(channel);
    const network = networks.find(({ name }) => name === networkOfRule(ruleOf(about)));
    if (!network) return null;
    const { names } = network;
    const own = naming(network.name);
    const owner = own.aliases.get(names.fold(foreignName(about, own, names)));
    return owner === undefined || owner === about ? null : owner;
  }

  function explain(channel: string): Explanation {
    const about = aboutOf(channel);
    const rule = ruleOf(about);
    const network = networks.find(({ name }) => name === networkOfRule(rule)) ?? first;
    return {
      channel,
      about,
      network: networkOfRule(rule),
      foreignName: network ? foreignName(about, naming(network.name), network.names) : about,
      access: rule?.access ?? "both",
      rule: rule ? rules.indexOf(rule) : null,
      takenBy: takenBy(channel),
    };
  }

  function makeNaming(network: string, names: ForeignNames): Naming {
    const own = rules.filter((rule) => networkOfRule(rule) === network);
    const named = own.flatMap(({ channels, name }) => (name === undefined ? [] : [[channels, name] as const]));
    const aliasOf = new Map(named);
    const aliases = new Map(named.map(([channel, name]) => [names.fold(name), channel]));
    const stripping = own.filter(({ stripPrefix }) => stripPrefix);
    return {
      aliases,
      alias: (channel) => aliasOf.get(channel),
      local: (channel) => {
        const rule = ruleOf(channel);
        return rule?.stripPrefix ? channel.slice(baseOf(rule.channels).length) : channel;
      },
      channelOf: (local) => {
        // An alias takes its name from the channel that would have it otherwise.
        if (aliases.has(names.fold(names.encode(local)))) return null;
        const candidates = [local, ...stripping.map(({ channels }) => baseOf(channels) + local)];
        return candidates.find((channel, index) => isHere(channel, stripping[index - 1])) ?? null;
      },
    };

    /** @param stripper the rule that shortens the name; undefined: it is to be whole */
    function isHere(channel: string, stripper: MappingRule | undefined): boolean {
      if (!isChannel(channel) || isPresence(channel) || isHalo(channel)) return false;
      const rule = ruleOf(channel);
      if (networkOfRule(rule) !== network || rule?.access === "none" || rule?.name !== undefined) return false;
      return rule?.stripPrefix ? rule === stripper : stripper === undefined;
    }
  }
}

/** Everybody in a channel is told by a channel of its own, which follows it. */
function aboutOf(name: string): string {
  return watchedChannel(name) ?? name;
}

/** The first rule that matches a channel, found without a look at each. */
function finderOf(rules: readonly MappingRule[]): (channel: string) => MappingRule | undefined {
  const positions = new Map<string, number>();
  rules.forEach(({ channels }, position) => {
    if (!positions.has(channels)) positions.set(channels, position);
  });
  if (positions.size === 0) return () => undefined;
  return (channel) => {
    const found = namesOf(channel).flatMap((name) => positions.get(name) ?? []);
    return found.length === 0 ? undefined : rules[Math.min(...found)];
  };
}

const REFUSALS = {
  none: "This server does not carry this channel",
  "read-only": "This channel is read-only",
  "publish-only": "This channel is publish-only",
} as const;

function checkAccess(name: string, access: Access, refused: "read-only" | "publish-only"): void {
  if (access === "both" || (access !== "none" && access !== refused)) return;
  throw new BayeuxError("forbidden", [name], REFUSALS[access]);
}
