export { ircSchema, type IrcConfig } from "./config.ts";
export { IrcNetwork, type IrcNetworkParts } from "./irc-network.ts";
export { ircFileFaults } from "./tls.ts";
