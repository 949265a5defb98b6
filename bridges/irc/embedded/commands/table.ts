import { invite, kick, topic } from "./channel-control.ts";
import type { Command, Handler } from "./command.ts";
import { listChannels, listNames } from "./listings.ts";
import { join, part } from "./membership.ts";
import { mode } from "./mode.ts";
import { away, ison, userhost, who, whois, whowas } from "./people.ts";
import { cap, nick, pass, ping, pong, quit, user } from "./registration.ts";
import { lusers, motd, time, version } from "./server-info.ts";
import { notice, privmsg, tagmsg } from "./speech.ts";

/** Every command the server knows. A Map, because names come from the peer. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["CAP", { run: cap, minParams: 1, needsRegistration: false }],
  ["PASS", { run: pass, minParams: 1, needsRegistration: false }],
  ["NICK", { run: nick, minParams: 0, needsRegistration: false }],
  ["USER", { run: user, minParams: 4, needsRegistration: false }],
  ["PING", { run: ping, minParams: 0, needsRegistration: false }],
  ["PONG", { run: pong, minParams: 0, needsRegistration: false }],
  ["QUIT", { run: quit, minParams: 0, needsRegistration: false }],
  registered("JOIN", join, 1),
  registered("PART", part, 1),
  registered("PRIVMSG", privmsg),
  registered("NOTICE", notice),
  registered("TAGMSG", tagmsg),
  registered("NAMES", listNames),
  registered("LIST", listChannels),
  registered("TOPIC", topic, 1),
  registered("MODE", mode, 1),
  registered("KICK", kick, 2),
  registered("INVITE", invite, 2),
  registered("WHO", who),
  registered("WHOIS", whois),
  registered("WHOWAS", whowas),
  registered("AWAY", away),
  registered("USERHOST", userhost, 1),
  registered("ISON", ison, 1),
  registered("MOTD", motd),
  registered("LUSERS", lusers),
  registered("VERSION", version),
  registered("TIME", time),
]);

function registered(name: string, run: Handler, minParams = 0): [string, Command] {
  return [name, { run, minParams, needsRegistration: true }];
}
