import { makeMapping, mappingFaults, mappingSchema } from "../../../../bridges/index.ts";
import type { ForeignNames, MappedNetwork, Mapping, MappingRule } from "../../../../bridges/index.ts";
import { ircNames } from "../../../../bridges/irc/index.ts";

/** Rooms as a test can read them: `/chat/room1` is `chat.room1@rooms`. */
const roomNames: ForeignNames = {
  faultOf: (name) => (name.endsWith("@rooms") ? null : "it must end in @rooms"),
  whole: (name) => name,
  fold: (name) => name.toLowerCase(),
  encode: (local) => `${local.slice(1).replaceAll("/", ".")}@rooms`,
  decode: (name) => (name.endsWith("@rooms") ? `/${name.slice(0, -"@rooms".length).replaceAll(".", "/")}` : null),
};

export const IRC: MappedNetwork = { name: "irc", names: ircNames };
export const XMPP: MappedNetwork = { name: "xmpp", names: roomNames };
export const BOTH = [IRC, XMPP] as const;

/** A rule as the operator writes it. */
export type WrittenRule = Partial<MappingRule> & { readonly channels: string };

export function rulesOf(...written: readonly WrittenRule[]): MappingRule[] {
  return mappingSchema.parse(written);
}

/** @throws Error for rules that would not be accepted at start */
export function mapped(written: readonly WrittenRule[], networks: readonly MappedNetwork[] = BOTH): Mapping {
  const rules = rulesOf(...written);
  const faults = mappingFaults(rules, networks);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  return makeMapping(rules, networks);
}
