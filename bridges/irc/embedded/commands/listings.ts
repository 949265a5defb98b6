import type { Channel } from "../channel.ts";
import type { Client } from "../client.ts";
import type { Message } from "../message.ts";
import { commaList, matchesMask, packWords } from "../names.ts";
import type { Realm } from "../realm.ts";

/** Room for the prefix, number, nick and channel in front of a reply's text. */
const REPLY_HEAD_BYTES = 180;

/** NAMES: who is in the channels named; without a name, nobody. */
export function listNames(realm: Realm, client: Client, { params }: Message): void {
  const names = commaList(params[0]);
  if (names.length === 0) client.reply("RPL_ENDOFNAMES", ["*"]);
  for (const name of names) {
    const channel = realm.findChannel(name);
    if (channel?.isVisibleTo(client) === true) sendNames(realm, client, channel);
    else client.reply("RPL_ENDOFNAMES", [name]);
  }
}

/** Replies 353 and 366 for one channel. */
export function sendNames(realm: Realm, client: Client, channel: Channel): void {
  const names = [...channel.members.keys()].map((member) => channel.prefixOf(member) + member.nick);
  const symbol = channel.flags.has("s") ? "@" : "=";
  for (const text of packReply(realm, names)) {
    client.reply("RPL_NAMREPLY", [symbol, channel.name], text);
  }
  client.reply("RPL_ENDOFNAMES", [channel.name]);
}

/** LIST: all channels, or those named, or those that match a mask. */
export function listChannels(realm: Realm, client: Client, { params }: Message): void {
  const asked = commaList(params[0]);
  // Bounded, because each mask is tried on every channel.
  const masks = asked.slice(0, realm.limits.maxTargets);
  const refused = asked[masks.length];
  if (refused !== undefined) client.reply("ERR_TOOMANYTARGETS", [refused]);
  client.reply("RPL_LISTSTART", ["Channel"]);
  for (const channel of realm.channels.values()) {
    if (!channel.isVisibleTo(client)) continue;
    if (masks.length > 0 && !masks.some((mask) => matchesMask(mask, channel.name))) continue;
    client.reply("RPL_LIST", [channel.name, String(channel.members.size)], channel.topic?.text ?? "");
  }
  client.reply("RPL_LISTEND");
}

/** Replies whose text is a list of words, as many as it takes. */
export function packReply(realm: Realm, words: Iterable<string>): string[] {
  return packWords(words, realm.limits.maxLineBytes - REPLY_HEAD_BYTES);
}
