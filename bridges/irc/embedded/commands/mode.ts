import type { Channel, ChannelFlag } from "../channel.ts";
import type { Client } from "../client.ts";
import { LENGTHS } from "../limits.ts";
import type { Message } from "../message.ts";
import type { Realm } from "../realm.ts";

/** MODE: asks for or changes the modes of a channel, or of oneself. */
export function mode(realm: Realm, client: Client, { params }: Message): void {
  const [target = "", letters, ...args] = params;
  if (!target.startsWith("#")) return userMode(realm, client, target, letters);
  const channel = realm.findChannel(target);
  if (channel === undefined) return client.reply("ERR_NOSUCHCHANNEL", [target]);
  if (letters === undefined) {
    client.reply("RPL_CHANNELMODEIS", [channel.name, ...currentModes(channel, client)]);
    return client.reply("RPL_CREATIONTIME", [channel.name, String(channel.createdSeconds)]);
  }
  if (args.length === 0 && /^[+-]?b+$/.test(letters)) return sendBans(client, channel);
  if (!channel.isOp(client)) return client.reply("ERR_CHANOPRIVSNEEDED", [channel.name]);
  announce(realm, client, channel, applyModes({ realm, client, channel, args }, letters));
}

/** What a change needs to know; `args` is used up from the front. */
interface ModeContext {
  readonly realm: Realm;
  readonly client: Client;
  readonly channel: Channel;
  readonly args: string[];
}

/** A change that happened: `+o` and its parameter. */
interface ModeChange {
  readonly mode: string;
  readonly param?: string | undefined;
}

function applyModes(context: ModeContext, letters: string): ModeChange[] {
  const changes: ModeChange[] = [];
  const unknown = new Set<string>();
  let isAdding = true;
  for (const letter of letters) {
    if (letter === "+" || letter === "-") {
      isAdding = letter === "+";
      continue;
    }
    const change = applyMode(context, letter, isAdding);
    if (change === "unknown") unknown.add(letter);
    else if (change !== undefined) changes.push({ ...change, mode: `${isAdding ? "+" : "-"}${letter}` });
  }
  for (const letter of unknown) context.client.reply("ERR_UNKNOWNMODE", [letter]);
  return changes;
}

function applyMode(
  context: ModeContext,
  letter: string,
  isAdding: boolean,
): Partial<ModeChange> | "unknown" | undefined {
  const { channel, args } = context;
  switch (letter) {
    case "i":
    case "m":
    case "n":
    case "s":
    case "t":
      return setFlag(channel, letter, isAdding);
    case "o":
    case "v":
      return setStanding(context, letter, isAdding, args.shift());
    case "b":
      return setBan(context, isAdding, args.shift());
    case "k":
      return setKey(context, isAdding, args.shift());
    case "l":
      return setMaxMembers(context, isAdding, isAdding ? args.shift() : undefined);
    default:
      return "unknown";
  }
}

function setFlag(channel: Channel, flag: ChannelFlag, isAdding: boolean): Partial<ModeChange> | undefined {
  if (channel.flags.has(flag) === isAdding) return undefined;
  if (isAdding) channel.flags.add(flag);
  else channel.flags.delete(flag);
  return {};
}

function setStanding(
  { realm, client, channel }: ModeContext,
  letter: "o" | "v",
  isAdding: boolean,
  nick: string | undefined,
): Partial<ModeChange> | undefined {
  if (nick === undefined) return void client.reply("ERR_NEEDMOREPARAMS", ["MODE"]);
  const person = realm.findClient(nick);
  const standing = person === undefined ? undefined : channel.members.get(person);
  if (person === undefined || standing === undefined) {
    return void client.reply("ERR_USERNOTINCHANNEL", [nick, channel.name]);
  }
  const key = letter === "o" ? "isOp" : "hasVoice";
  if (standing[key] === isAdding) return undefined;
  standing[key] = isAdding;
  return { param: person.nick };
}

function setBan(
  { realm, client, channel }: ModeContext,
  isAdding: boolean,
  param: string | undefined,
): Partial<ModeChange> | undefined {
  if (param === undefined) return void sendBans(client, channel);
  const mask = toMask(param);
  if (mask === undefined) return void client.reply("ERR_INVALIDMODEPARAM", [channel.name, "b", param]);
  if (!isAdding) return channel.bans.delete(mask) ? { param: mask } : undefined;
  if (channel.bans.has(mask)) return undefined;
  if (channel.bans.size >= realm.limits.maxBans) return void client.reply("ERR_BANLISTFULL", [channel.name, mask]);
  channel.bans.set(mask, { by: client.nick, atSeconds: realm.nowSeconds });
  return { param: mask };
}

function setKey(
  { client, channel }: ModeContext,
  isAdding: boolean,
  key: string | undefined,
): Partial<ModeChange> | undefined {
  if (!isAdding) {
    if (channel.key === null) return undefined;
    channel.key = null;
    return { param: "*" };
  }
  if (key === undefined) return void client.reply("ERR_NEEDMOREPARAMS", ["MODE"]);
  if (key.length > LENGTHS.key || !/^[^\s,:]+$/.test(key)) {
    return void client.reply("ERR_INVALIDMODEPARAM", [channel.name, "k", key]);
  }
  channel.key = key;
  return { param: key };
}

function setMaxMembers(
  { client, channel }: ModeContext,
  isAdding: boolean,
  param: string | undefined,
): Partial<ModeChange> | undefined {
  if (!isAdding) {
    if (channel.maxMembers === null) return undefined;
    channel.maxMembers = null;
    return {};
  }
  if (param === undefined) return void client.reply("ERR_NEEDMOREPARAMS", ["MODE"]);
  if (!/^[1-9]\d{0,6}$/.test(param)) return void client.reply("ERR_INVALIDMODEPARAM", [channel.name, "l", param]);
  channel.maxMembers = Number(param);
  return { param };
}

/** Completes `nick` or `user@host` to `nick!user@host`. */
function toMask(param: string): string | undefined {
  if (param === "" || param.startsWith(":") || param.includes(" ")) return undefined;
  const whole = param.includes("!") ? param : param.includes("@") ? `*!${param}` : `${param}!*@*`;
  return whole.length > LENGTHS.mask ? undefined : whole;
}

/** Four changes a line, as 005 says, so that no line grows too long. */
function announce(realm: Realm, client: Client, channel: Channel, changes: readonly ModeChange[]): void {
  for (let start = 0; start < changes.length; start += 4) {
    const some = changes.slice(start, start + 4);
    const params = some.flatMap(({ param }) => (param === undefined ? [] : [param]));
    const letters = some.map((change) => change.mode).join("");
    channel.send(realm.compose(client, `MODE ${[channel.name, letters, ...params].join(" ")}`));
  }
}

function currentModes(channel: Channel, client: Client): string[] {
  const params: string[] = [];
  let letters = [...channel.flags].sort().join("");
  if (channel.key !== null) {
    letters += "k";
    params.push(channel.members.has(client) ? channel.key : "*");
  }
  if (channel.maxMembers !== null) {
    letters += "l";
    params.push(String(channel.maxMembers));
  }
  return [`+${letters}`, ...params];
}

function sendBans(client: Client, channel: Channel): void {
  for (const [mask, ban] of channel.bans) {
    client.reply("RPL_BANLIST", [channel.name, mask, ban.by, String(ban.atSeconds)]);
  }
  client.reply("RPL_ENDOFBANLIST", [channel.name]);
}

function userMode(realm: Realm, client: Client, nick: string, letters: string | undefined): void {
  const person = realm.findClient(nick);
  if (person === undefined) return client.reply("ERR_NOSUCHNICK", [nick]);
  if (person !== client) return client.reply("ERR_USERSDONTMATCH");
  if (letters === undefined) return client.reply("RPL_UMODEIS", [client.isInvisible ? "+i" : "+"]);
  const before = client.isInvisible;
  let isAdding = true;
  let isUnknown = false;
  for (const letter of letters) {
    if (letter === "+" || letter === "-") isAdding = letter === "+";
    else if (letter === "i") client.isInvisible = isAdding;
    else isUnknown = true;
  }
  if (isUnknown) client.reply("ERR_UMODEUNKNOWNFLAG");
  if (client.isInvisible !== before) {
    client.send(realm.compose(client, `MODE ${client.nick} ${client.isInvisible ? "+i" : "-i"}`));
  }
}
