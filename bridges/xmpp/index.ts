export { accountOf, xmppSchema, type XmppConfig } from "./config.ts";
export { roomNames } from "./foreign-names.ts";
export { XmppNetwork, type XmppNetworkParts } from "./xmpp-network.ts";
