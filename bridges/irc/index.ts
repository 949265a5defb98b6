export { ircSchema, type IrcConfig } from "./config.ts";
export { ircNames } from "./foreign-names.ts";
export { IrcNetwork, type IrcNetworkParts } from "./irc-network.ts";
export { ircFileFaults } from "./tls.ts";
