import type { Client } from "../client.ts";
import { LENGTHS } from "../limits.ts";
import type { Message } from "../message.ts";
import { commaList, cut } from "../names.ts";
import type { Realm } from "../realm.ts";

/** TOPIC: asks for a channel's topic, or sets it. */
export function topic(realm: Realm, client: Client, { params }: Message): void {
  const [name = "", text] = params;
  const channel = realm.findChannel(name);
  if (channel === undefined) return client.reply("ERR_NOSUCHCHANNEL", [name]);
  if (text === undefined) {
    if (!channel.isVisibleTo(client)) return client.reply("ERR_NOTONCHANNEL", [name]);
    if (channel.topic === null) return client.reply("RPL_NOTOPIC", [channel.name]);
    client.reply("RPL_TOPIC", [channel.name], channel.topic.text);
    return client.reply("RPL_TOPICWHOTIME", [channel.name, channel.topic.by, String(channel.topic.atSeconds)]);
  }
  if (!channel.members.has(client)) return client.reply("ERR_NOTONCHANNEL", [channel.name]);
  if (channel.flags.has("t") && !channel.isOp(client)) return client.reply("ERR_CHANOPRIVSNEEDED", [channel.name]);
  const kept = cut(text, LENGTHS.topic);
  channel.topic = kept === "" ? null : { text: kept, by: client.nick, atSeconds: realm.nowSeconds };
  channel.send(realm.compose(client, `TOPIC ${channel.name} :${kept}`));
}

/** KICK: an operator removes people from a channel. */
export function kick(realm: Realm, client: Client, { params }: Message): void {
  const [name = "", nicks, reason] = params;
  const channel = realm.findChannel(name);
  if (channel === undefined) return client.reply("ERR_NOSUCHCHANNEL", [name]);
  if (!channel.members.has(client)) return client.reply("ERR_NOTONCHANNEL", [channel.name]);
  for (const [index, nick] of commaList(nicks).entries()) {
    if (index >= realm.limits.maxTargets) return client.reply("ERR_TOOMANYTARGETS", [nick]);
    if (!channel.isOp(client)) return client.reply("ERR_CHANOPRIVSNEEDED", [channel.name]);
    const person = realm.findClient(nick);
    if (person === undefined || !channel.members.has(person)) {
      client.reply("ERR_USERNOTINCHANNEL", [nick, channel.name]);
      continue;
    }
    const why = cut(reason ?? client.nick, LENGTHS.reason);
    channel.send(realm.compose(client, `KICK ${channel.name} ${person.nick} :${why}`));
    realm.leave(person, channel);
  }
}

/** INVITE: tells somebody of a channel, and lets them in whatever its modes are. */
export function invite(realm: Realm, client: Client, { params }: Message): void {
  const [nick = "", name = ""] = params;
  const person = realm.findClient(nick);
  const channel = realm.findChannel(name);
  if (person === undefined) return client.reply("ERR_NOSUCHNICK", [nick]);
  if (channel === undefined) return client.reply("ERR_NOSUCHCHANNEL", [name]);
  if (!channel.members.has(client)) return client.reply("ERR_NOTONCHANNEL", [channel.name]);
  if (channel.members.has(person)) return client.reply("ERR_USERONCHANNEL", [person.nick, channel.name]);
  if (channel.flags.has("i") && !channel.isOp(client)) return client.reply("ERR_CHANOPRIVSNEEDED", [channel.name]);
  channel.invited.add(person);
  client.reply("RPL_INVITING", [person.nick, channel.name]);
  person.send(realm.compose(client, `INVITE ${person.nick} ${channel.name}`));
}
