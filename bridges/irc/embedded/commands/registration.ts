import { CAPS, capNames } from "../caps.ts";
import type { Client } from "../client.ts";
import { LENGTHS } from "../limits.ts";
import type { Message } from "../message.ts";
import { cut, isNick, toUserName } from "../names.ts";
import type { Realm } from "../realm.ts";
import { welcome } from "../welcome.ts";

/** PASS: any password will do, for there are no accounts. */
export function pass(_: Realm, client: Client): void {
  if (client.isRegistered) client.reply("ERR_ALREADYREGISTERED");
}

/** NICK: takes or changes the nick. */
export function nick(realm: Realm, client: Client, { params }: Message): void {
  const [wanted] = params;
  if (wanted === undefined || wanted === "") return client.reply("ERR_NONICKNAMEGIVEN");
  if (!isNick(wanted)) return client.reply("ERR_ERRONEUSNICKNAME", [wanted]);
  const holder = realm.nickHolder(wanted);
  if (holder !== undefined && holder !== client) return client.reply("ERR_NICKNAMEINUSE", [wanted]);
  if (wanted === client.nick) return;
  realm.rename(client, wanted);
  registerIfReady(realm, client);
}

/** USER: user name and real name. */
export function user(realm: Realm, client: Client, { params }: Message): void {
  if (client.isRegistered) return client.reply("ERR_ALREADYREGISTERED");
  client.user = toUserName(params[0] ?? "");
  client.realName = cut(params[3] ?? "", LENGTHS.mask);
  registerIfReady(realm, client);
}

/**
 * CAP: capability negotiation; LS and REQ hold registration back until END.
 * @see IRCv3 capability negotiation 302
 */
export function cap(realm: Realm, client: Client, { params }: Message): void {
  const subcommand = (params[0] ?? "").toUpperCase();
  const target = client.nick === "" ? "*" : client.nick;
  const suspends = subcommand === "LS" || subcommand === "REQ";
  if (suspends && !client.isRegistered) client.isNegotiating = true;
  switch (subcommand) {
    case "LS":
      return client.tell(`CAP ${target} LS :${[...CAPS.keys()].join(" ")}`);
    case "LIST":
      return client.tell(`CAP ${target} LIST :${capNames(client.caps)}`);
    case "REQ": {
      const request = (params[1] ?? "").trim();
      const changed = applyCaps(client.caps, request);
      if (changed !== undefined) client.caps = changed;
      return client.tell(`CAP ${target} ${changed === undefined ? "NAK" : "ACK"} :${cut(request, 200)}`);
    }
    case "END":
      client.isNegotiating = false;
      return registerIfReady(realm, client);
    default:
      return client.reply("ERR_INVALIDCAPCMD", [params[0] ?? ""]);
  }
}

/** PING: answered with its token. */
export function ping(realm: Realm, client: Client, { params }: Message): void {
  const [token] = params;
  if (token === undefined || token === "") return client.reply("ERR_NOORIGIN");
  client.tell(`PONG ${realm.serverName} :${cut(token, LENGTHS.reason)}`);
}

/** PONG: that it arrived is all it says, and the connection has noted that. */
export function pong(): void {}

/** QUIT: leaves the server. */
export function quit(realm: Realm, client: Client, { params }: Message): void {
  realm.quit(client, `Quit: ${cut(params[0] ?? "", LENGTHS.reason)}`);
}

/** @returns undefined when one name is unknown: a request is granted whole or not at all */
function applyCaps(caps: number, request: string): number | undefined {
  let result = caps;
  for (const word of request.split(" ").filter((name) => name !== "")) {
    const isRemoval = word.startsWith("-");
    const bit = CAPS.get(isRemoval ? word.slice(1) : word);
    if (bit === undefined) return undefined;
    result = isRemoval ? result & ~bit : result | bit;
  }
  return result;
}

function registerIfReady(realm: Realm, client: Client): void {
  if (client.isRegistered || client.isNegotiating || client.nick === "" || client.user === "") return;
  client.isRegistered = true;
  welcome(realm, client);
  realm.log.info({ nick: client.nick, clients: realm.clients.size }, "irc client registered");
}
