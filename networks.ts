/** The networks that a configuration asks for: the only place where their kinds are listed. */
import type { MappedNetwork, Naming, Network } from "./bridges/index.ts";
import { IrcNetwork, ircNames, type IrcConfig, type IrcNetworkParts } from "./bridges/irc/index.ts";
import { accountOf, roomNames, XmppNetwork, type XmppConfig, type XmppNetworkParts } from "./bridges/xmpp/index.ts";

/** The sections of the configuration that say how networks are reached. */
export interface NetworkSections {
  readonly irc: IrcConfig;
  readonly xmpp: XmppConfig;
}

/** What every network is handed, apart from its names. */
type NetworkParts = Omit<IrcNetworkParts & XmppNetworkParts, "naming">;

/** A network that is configured, and how it is made. */
export interface ConfiguredNetwork extends MappedNetwork {
  /** @param naming what the mapping makes of its names */
  make(naming: Naming, parts: NetworkParts): Network;
}

/** Every kind there is, and what has to be set so that there is a network of it. */
export const NETWORK_KEYS: ReadonlyMap<string, string> = new Map([
  ["irc", "irc.host"],
  ["xmpp", "xmpp.jid or xmpp.component"],
]);

/**
 * The networks that are configured; the first is where channels go that no rule names.
 *
 * @param isEmbeddable where none is configured, there is the embedded IRC server
 */
export function networksOf({ irc, xmpp }: NetworkSections, isEmbeddable: boolean): readonly ConfiguredNetwork[] {
  const networks: ConfiguredNetwork[] = [];
  const { host } = irc;
  if (host !== undefined) networks.push(ircNetwork({ ...irc, host }));
  const account = accountOf(xmpp);
  if (account) {
    networks.push({
      name: "xmpp",
      names: roomNames(account.mucService, xmpp.maxRoomNameLength),
      make: (naming, parts) => new XmppNetwork(xmpp, { ...parts, naming }),
    });
  }
  return networks.length === 0 && isEmbeddable ? [ircNetwork({ ...irc, host: "127.0.0.1" })] : networks;
}

function ircNetwork(config: IrcConfig & { readonly host: string }): ConfiguredNetwork {
  return { name: "irc", names: ircNames, make: (naming, parts) => new IrcNetwork(config, { ...parts, naming }) };
}
