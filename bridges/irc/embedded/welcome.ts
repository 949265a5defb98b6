import type { Client } from "./client.ts";
import { LENGTHS } from "./limits.ts";
import { packWords } from "./names.ts";
import type { Realm } from "./realm.ts";

/** Name and version as told in 002, 004 and 351. */
export const VERSION = "tailspin-embedded-1";

const MOTD = [
  "This is TailSpin's embedded IRC server, for development and demonstration.",
  "It listens on loopback only, keeps nothing on disk, and asks nobody for a password.",
  "A channel here is a channel in the browser: #lobby is /lobby.",
  "For anything else, run a real IRC server and point TailSpin at it.",
];

/** What a client is told when its registration is complete. */
export function welcome(realm: Realm, client: Client): void {
  const started = new Date(realm.startedMs).toISOString();
  client.reply("RPL_WELCOME", [], `Welcome to the TailSpin network ${client.source}`);
  client.reply("RPL_YOURHOST", [], `Your host is ${realm.serverName}, an embedded development server (${VERSION})`);
  client.reply("RPL_CREATED", [], `This server was started ${started}`);
  client.reply("RPL_MYINFO", [realm.serverName, VERSION, "i", "biklmnostv", "bklov"]);
  for (const tokens of packWords(supportTokens(realm), realm.limits.maxLineBytes - 180).flatMap(inTwelves)) {
    client.reply("RPL_ISUPPORT", tokens);
  }
  sendUserCounts(realm, client);
  sendMotd(realm, client);
}

/** Replies 251 to 255. */
export function sendUserCounts(realm: Realm, client: Client): void {
  const registered = [...realm.clients].filter((other) => other.isRegistered).length;
  const unregistered = realm.clients.size - registered;
  client.reply("RPL_LUSERCLIENT", [], `There are ${registered} users and 0 invisible on 1 servers`);
  if (unregistered > 0) client.reply("RPL_LUSERUNKNOWN", [String(unregistered)]);
  client.reply("RPL_LUSERCHANNELS", [String(realm.channels.size)]);
  client.reply("RPL_LUSERME", [], `I have ${registered} clients and 0 servers`);
}

/** Replies 375, 372 and 376. */
export function sendMotd(realm: Realm, client: Client): void {
  client.reply("RPL_MOTDSTART", [], `- ${realm.serverName} Message of the day - `);
  for (const line of MOTD) client.reply("RPL_MOTD", [], `- ${line}`);
  client.reply("RPL_ENDOFMOTD");
}

function supportTokens({ limits }: Realm): string[] {
  const { maxTargets } = limits;
  return [
    "NETWORK=TailSpin",
    "CASEMAPPING=ascii",
    "CHANTYPES=#",
    `CHANNELLEN=${LENGTHS.channel}`,
    `CHANLIMIT=#:${limits.maxChannelsPerClient}`,
    "CHANMODES=b,k,l,imnst",
    "PREFIX=(ov)@+",
    "MODES=4",
    `MAXLIST=b:${limits.maxBans}`,
    `NICKLEN=${LENGTHS.nick}`,
    `USERLEN=${LENGTHS.user}`,
    `TOPICLEN=${LENGTHS.topic}`,
    `KICKLEN=${LENGTHS.reason}`,
    `AWAYLEN=${LENGTHS.reason}`,
    `KEYLEN=${LENGTHS.key}`,
    `LINELEN=${limits.maxLineBytes}`,
    `MAXTARGETS=${maxTargets}`,
    `TARGMAX=PRIVMSG:${maxTargets},NOTICE:${maxTargets},TAGMSG:${maxTargets},KICK:${maxTargets},WHOIS:${maxTargets},LIST:${maxTargets},JOIN:,PART:`,
    "ELIST=M",
  ];
}

/** Clients expect at most 13 tokens in a 005. */
function inTwelves(text: string): string[][] {
  const words = text.split(" ");
  return Array.from({ length: Math.ceil(words.length / 12) }, (_, index) => words.slice(index * 12, index * 12 + 12));
}
