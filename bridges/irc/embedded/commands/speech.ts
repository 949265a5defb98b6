import { ECHO_MESSAGE, MESSAGE_TAGS } from "../caps.ts";
import type { Client } from "../client.ts";
import type { Message } from "../message.ts";
import type { Realm } from "../realm.ts";

/** PRIVMSG: says something to channels and people. */
export function privmsg(realm: Realm, client: Client, message: Message): void {
  speak(realm, client, message, "PRIVMSG");
}

/** NOTICE: like PRIVMSG, but an away message is no answer to it. Errors are told: nothing is lost in silence. */
export function notice(realm: Realm, client: Client, message: Message): void {
  speak(realm, client, message, "NOTICE");
}

/** TAGMSG: tags without a text, for those who asked for message-tags. */
export function tagmsg(realm: Realm, client: Client, message: Message): void {
  speak(realm, client, message, "TAGMSG");
}

function speak(realm: Realm, client: Client, message: Message, verb: "PRIVMSG" | "NOTICE" | "TAGMSG"): void {
  const [targets, text] = message.params;
  if (targets === undefined || targets === "")
    return client.reply("ERR_NORECIPIENT", [], `No recipient given (${verb})`);
  if (verb !== "TAGMSG" && (text === undefined || text === "")) return client.reply("ERR_NOTEXTTOSEND");
  client.spokeMs = realm.now();
  const clientTags = client.has(MESSAGE_TAGS) ? message.clientTags : "";
  for (const [index, target] of targets.split(",").entries()) {
    if (index >= realm.limits.maxTargets) return client.reply("ERR_TOOMANYTARGETS", [target]);
    const destination = findDestination(realm, client, target);
    if (destination === undefined) continue;
    const line = verb === "TAGMSG" ? `${verb} ${destination.name}` : `${verb} ${destination.name} :${text}`;
    if (line.length + client.source.length + 4 > realm.limits.maxLineBytes) {
      realm.counters.linesTooLong += 1;
      client.reply("ERR_INPUTTOOLONG", [], "Nothing was sent: with your name before it, the line would be too long");
      continue;
    }
    const outgoing = realm.compose(client, line, { msgid: realm.newId(), clientTags });
    for (const receiver of destination.receivers) {
      if (receiver !== client || destination.isPerson) {
        if (verb !== "TAGMSG" || receiver.has(MESSAGE_TAGS)) receiver.send(outgoing);
      }
    }
    if (client.has(ECHO_MESSAGE) && (verb !== "TAGMSG" || client.has(MESSAGE_TAGS))) client.send(outgoing);
    if (verb === "PRIVMSG" && destination.away !== null) {
      client.reply("RPL_AWAY", [destination.name], destination.away);
    }
  }
}

interface Destination {
  readonly name: string;
  readonly receivers: Iterable<Client>;
  readonly isPerson: boolean;
  readonly away: string | null;
}

/** Answers the client itself when there is none, or it may not speak there. */
function findDestination(realm: Realm, client: Client, target: string): Destination | undefined {
  if (target.startsWith("#")) {
    const channel = realm.findChannel(target);
    if (channel === undefined) client.reply("ERR_NOSUCHCHANNEL", [target]);
    else if (!channel.maySpeak(client)) client.reply("ERR_CANNOTSENDTOCHAN", [channel.name]);
    else return { name: channel.name, receivers: channel.members.keys(), isPerson: false, away: null };
    return undefined;
  }
  const person = realm.findClient(target);
  if (person !== undefined) return { name: person.nick, receivers: [person], isPerson: true, away: person.away };
  client.reply("ERR_NOSUCHNICK", [target]);
  return undefined;
}
