/**
 * What a network has to know of the mapping: which foreign name a Bayeux channel has, and the way back.
 *
 * A network makes its own name from `local`, unless the configuration gives an alias.
 */
export interface Naming {
  /** The foreign name that the configuration gives a channel, e.g. `#help`; undefined where it follows from `local`. */
  alias(channel: string): string | undefined;
  /** All aliases of this network: foreign name → channel. */
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
