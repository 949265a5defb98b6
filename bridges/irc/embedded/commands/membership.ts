import type { Channel } from "../channel.ts";
import type { Client } from "../client.ts";
import { LENGTHS } from "../limits.ts";
import type { Message } from "../message.ts";
import { commaList, cut, isChannelName } from "../names.ts";
import type { Numeric } from "../numerics.ts";
import type { Realm } from "../realm.ts";
import { sendNames } from "./listings.ts";

/** JOIN: enters one or more channels; `JOIN 0` leaves all. */
export function join(realm: Realm, client: Client, { params }: Message): void {
  if (params[0] === "0") {
    for (const channel of realm.channelsOf(client)) leave(realm, client, channel, "");
    return;
  }
  const keys = (params[1] ?? "").split(",");
  for (const [index, name] of commaList(params[0]).entries()) {
    const existing = realm.findChannel(name);
    if (existing?.members.has(client) === true) continue;
    const refusal = refusalOf(realm, client, name, existing, keys[index]);
    if (refusal !== undefined) {
      client.reply(refusal, [name]);
      continue;
    }
    const channel = realm.join(client, name);
    if (channel.topic !== null) {
      client.reply("RPL_TOPIC", [channel.name], channel.topic.text);
      client.reply("RPL_TOPICWHOTIME", [channel.name, channel.topic.by, String(channel.topic.atSeconds)]);
    }
    sendNames(realm, client, channel);
  }
}

/** PART: leaves one or more channels. */
export function part(realm: Realm, client: Client, { params }: Message): void {
  for (const name of commaList(params[0])) {
    const channel = realm.findChannel(name);
    if (channel === undefined) client.reply("ERR_NOSUCHCHANNEL", [name]);
    else if (!channel.members.has(client)) client.reply("ERR_NOTONCHANNEL", [name]);
    else leave(realm, client, channel, cut(params[1] ?? "", LENGTHS.reason));
  }
}

function leave(realm: Realm, client: Client, channel: Channel, reason: string): void {
  channel.send(realm.compose(client, `PART ${channel.name}${reason === "" ? "" : ` :${reason}`}`));
  realm.leave(client, channel);
}

function refusalOf(
  realm: Realm,
  client: Client,
  name: string,
  channel: Channel | undefined,
  key: string | undefined,
): Numeric | undefined {
  if (!isChannelName(name)) return "ERR_NOSUCHCHANNEL";
  if (client.channels.size >= realm.limits.maxChannelsPerClient) return "ERR_TOOMANYCHANNELS";
  if (channel === undefined) {
    return realm.channels.size >= realm.limits.maxChannels ? "ERR_UNAVAILRESOURCE" : undefined;
  }
  if (channel.invited.has(client)) return undefined;
  if (channel.flags.has("i")) return "ERR_INVITEONLYCHAN";
  if (channel.isBanned(client)) return "ERR_BANNEDFROMCHAN";
  if (channel.key !== null && channel.key !== key) return "ERR_BADCHANNELKEY";
  if (channel.maxMembers !== null && channel.members.size >= channel.maxMembers) return "ERR_CHANNELISFULL";
  return undefined;
}
