/**
 * What a network has to know of the mapping: which foreign name a Bayeux channel has, and the way back.
 *
 * A network makes its own name from `local`, unless the configuration gives an alias.
 */
export interface Naming {
  /** The foreign name that the configuration gives a channel, e.g. `#help`; undefined where it follows from `local`. */
  alias(channel: string): string | undefined;
  /** All aliases of this network: foreign name, in the network's one spelling (`ForeignNames.fold`) → channel. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The name without what the mapping strips: `/xmpp/room1` → `/room1`. */
  local(channel: string): string;
  /** The way back from `local`: `/room1` → `/xmpp/room1`, or null where no channel of this network has that name. */
  channelOf(local: string): string | null;
}

/** Every channel has its own name. */
export const PLAIN_NAMING: Naming = {
  alias: () => undefined,
  aliases: new Map(),
  local: (channel) => channel,
  channelOf: (local) => local,
};

/** How a network writes names: what the mapping has to know of it before it is connected. Pure. */
export interface ForeignNames {
  /** @returns what is wrong with a name that somebody configured, e.g. `"must begin with #"`, or null */
  faultOf(name: string): string | null;
  /** A configured name as people need it, with what the configuration may leave out: `help` → `help@muc.example.org`. */
  whole(name: string): string;
  /** One spelling for all names that its servers take for the same. */
  fold(name: string): string;
  /** The name that follows from `Naming.local`, as long as it may become. */
  encode(local: string): string;
  /** The way back from `encode`, or null for a name that no channel has. */
  decode(name: string): string | null;
}

/** The name of a channel on its network. */
export function foreignName(channel: string, naming: Naming, names: Pick<ForeignNames, "whole" | "encode">): string {
  const alias = naming.alias(channel);
  return alias === undefined ? names.encode(naming.local(channel)) : names.whole(alias);
}

/** The way back: the channel that a network's name stands for, or null where no channel of this network has it. */
export function channelNamed(
  name: string,
  naming: Naming,
  names: Pick<ForeignNames, "fold" | "decode">,
): string | null {
  const alias = naming.aliases.get(names.fold(name));
  if (alias !== undefined) return alias;
  const local = names.decode(name);
  return local === null ? null : naming.channelOf(local);
}
