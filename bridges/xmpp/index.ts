export { accountOf, xmppSchema, type XmppConfig } from "./config.ts";
export { XmppNetwork, type XmppNetworkParts } from "./xmpp-network.ts";
