export { ircSchema, type IrcConfig } from "./config.ts";
export { channelOfIrc, ircNameOf, ircNames } from "./foreign-names.ts";
export { IrcNetwork, type IrcNetworkParts } from "./irc-network.ts";
