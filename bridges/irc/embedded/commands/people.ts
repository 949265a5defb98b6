import type { Channel } from "../channel.ts";
import type { Client } from "../client.ts";
import { LENGTHS } from "../limits.ts";
import type { Message } from "../message.ts";
import { commaList, cut, matchesMask } from "../names.ts";
import type { Realm } from "../realm.ts";
import { packReply } from "./listings.ts";

/** WHO: the members of a channel, or everybody whose nick or mask matches. */
export function who(realm: Realm, client: Client, { params }: Message): void {
  const mask = params[0] === undefined || params[0] === "" || params[0] === "0" ? "*" : params[0];
  if (mask.startsWith("#")) {
    const channel = realm.findChannel(mask);
    if (channel?.isVisibleTo(client) === true) {
      for (const member of channel.members.keys()) sendWho(realm, client, member, channel);
    }
  } else {
    const peers = realm.peersOf(client);
    for (const person of realm.clients) {
      if (!person.isRegistered) continue;
      const isExact = person === realm.findClient(mask);
      const isHidden = person.isInvisible && person !== client && !peers.has(person);
      if (!isExact && (isHidden || !matchesMask(mask, person.nick))) continue;
      sendWho(realm, client, person, undefined);
    }
  }
  client.reply("RPL_ENDOFWHO", [mask]);
}

/** WHOIS: what is known of one or a few people. */
export function whois(realm: Realm, client: Client, { params }: Message): void {
  const nicks = params[1] ?? params[0];
  if (nicks === undefined || nicks === "") return client.reply("ERR_NONICKNAMEGIVEN");
  for (const [index, nick] of commaList(nicks).entries()) {
    if (index >= realm.limits.maxTargets) return client.reply("ERR_TOOMANYTARGETS", [nick]);
    const person = realm.findClient(nick);
    if (person === undefined) client.reply("ERR_NOSUCHNICK", [nick]);
    else sendWhois(realm, client, person);
    client.reply("RPL_ENDOFWHOIS", [person?.nick ?? nick]);
  }
}

/** WHOWAS: nothing is remembered. */
export function whowas(_: Realm, client: Client, { params }: Message): void {
  const [nick] = params;
  if (nick === undefined || nick === "") return client.reply("ERR_NONICKNAMEGIVEN");
  client.reply("ERR_WASNOSUCHNICK", [nick]);
  client.reply("RPL_ENDOFWHOWAS", [nick]);
}

/** AWAY: sets or clears the text that those who write get back. */
export function away(_: Realm, client: Client, { params }: Message): void {
  const text = cut(params[0] ?? "", LENGTHS.reason);
  client.away = text === "" ? null : text;
  client.reply(client.away === null ? "RPL_UNAWAY" : "RPL_NOWAWAY");
}

/** USERHOST: user and host of up to five people. */
export function userhost(realm: Realm, client: Client, { params }: Message): void {
  const hosts = params.slice(0, 5).flatMap((nick) => {
    const person = realm.findClient(nick);
    if (person === undefined) return [];
    return `${person.nick}=${person.away === null ? "+" : "-"}${person.user}@${person.host}`;
  });
  client.reply("RPL_USERHOST", [], hosts.join(" "));
}

/** ISON: which of these people are here. */
export function ison(realm: Realm, client: Client, { params }: Message): void {
  const nicks = params.flatMap((param) => param.split(" ")).flatMap((nick) => realm.findClient(nick)?.nick ?? []);
  const texts = packReply(realm, nicks);
  for (const text of texts.length === 0 ? [""] : texts) client.reply("RPL_ISON", [], text);
}

function sendWho(realm: Realm, client: Client, person: Client, channel: Channel | undefined): void {
  const { user, host, nick } = person;
  const flags = (person.away === null ? "H" : "G") + (channel?.prefixOf(person) ?? "");
  const params = [channel?.name ?? "*", user, host, realm.serverName, nick, flags];
  client.reply("RPL_WHOREPLY", params, `0 ${person.realName}`);
}

function sendWhois(realm: Realm, client: Client, person: Client): void {
  client.reply("RPL_WHOISUSER", [person.nick, person.user, person.host, "*"], person.realName);
  const channels = realm.channelsOf(person).filter((channel) => channel.isVisibleTo(client));
  const names = channels.map((channel) => channel.prefixOf(person) + channel.name);
  for (const text of packReply(realm, names)) client.reply("RPL_WHOISCHANNELS", [person.nick], text);
  client.reply("RPL_WHOISSERVER", [person.nick, realm.serverName]);
  if (person.away !== null) client.reply("RPL_AWAY", [person.nick], person.away);
  const idleSeconds = Math.floor((realm.now() - person.spokeMs) / 1_000);
  const signOnSeconds = Math.floor(person.connectedMs / 1_000);
  client.reply("RPL_WHOISIDLE", [person.nick, String(idleSeconds), String(signOnSeconds)]);
}
