/** The networks that a configuration asks for: the only place where their kinds are listed. */
import type { MappedNetwork, Naming, Network } from "./bridges/index.ts";
import { IrcNetwork, ircNames, type IrcConfig, type IrcNetworkParts } from "./bridges/irc/index.ts";

/** The sections of the configuration that say how networks are reached. */
export interface NetworkSections {
  readonly irc: IrcConfig;
}

/** A network that is configured, and how it is made. */
export interface ConfiguredNetwork extends MappedNetwork {
  /** @param naming what the mapping makes of its names */
  make(naming: Naming, parts: Omit<IrcNetworkParts, "naming">): Network;
}

/** Every kind there is, and what has to be set so that there is a network of it. */
export const NETWORK_KEYS: ReadonlyMap<string, string> = new Map([["irc", "irc.host"]]);

/**
 * The networks that are configured; the first is where channels go that no rule names.
 *
 * @param isEmbeddable where none is configured, there is the embedded IRC server
 */
export function networksOf({ irc }: NetworkSections, isEmbeddable: boolean): readonly ConfiguredNetwork[] {
  const networks: ConfiguredNetwork[] = [];
  const { host } = irc;
  if (host !== undefined) networks.push(ircNetwork({ ...irc, host }));
  return networks.length === 0 && isEmbeddable ? [ircNetwork({ ...irc, host: "127.0.0.1" })] : networks;
}

function ircNetwork(config: IrcConfig & { readonly host: string }): ConfiguredNetwork {
  return { name: "irc", names: ircNames, make: (naming, parts) => new IrcNetwork(config, { ...parts, naming }) };
}
