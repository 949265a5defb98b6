import type { Client } from "../client.ts";
import type { Realm } from "../realm.ts";
import { sendMotd, sendUserCounts, VERSION } from "../welcome.ts";

/** MOTD: says what this server is. */
export const motd = sendMotd;

/** LUSERS: how many are here. */
export const lusers = sendUserCounts;

/** VERSION: name and version of the server. */
export function version(realm: Realm, client: Client): void {
  client.reply("RPL_VERSION", [VERSION, realm.serverName], "embedded development server");
}

/** TIME: the server's clock. */
export function time(realm: Realm, client: Client): void {
  client.reply("RPL_TIME", [realm.serverName], new Date(realm.now()).toISOString());
}
