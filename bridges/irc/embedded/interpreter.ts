import type { Client } from "./client.ts";
import { COMMANDS } from "./commands/table.ts";
import { Connection, type ByteSocket } from "./connection.ts";
import { TOO_LONG, type Line } from "./line-splitter.ts";
import { parseMessage } from "./message.ts";
import type { Realm } from "./realm.ts";

/** Makes a client of a socket: its lines become commands in the realm. */
export function attach(realm: Realm, socket: ByteSocket): Connection {
  const owner = {
    onLine(_: Connection, line: Line): void {
      try {
        interpret(realm, client, line);
      } catch (error) {
        // A fault of ours, but a demonstration server must not take the bridge in the same process down with it.
        realm.log.error({ err: error, nick: client.nick }, "irc command failed");
        realm.quit(client, "Internal error");
      }
    },
    onEnd(_: Connection, reason: string): void {
      if (reason === "SendQ exceeded") realm.counters.sendQueuesExceeded += 1;
      realm.quit(client, reason);
    },
  };
  const connection = new Connection(socket, owner, realm.limits, realm.now);
  const client: Client = realm.add(connection);
  return connection;
}

/** Parses one line and runs its command, or answers why not. */
function interpret(realm: Realm, client: Client, line: Line): void {
  if (line !== TOO_LONG && line.includes("\0")) {
    refuse(realm, client, "nul");
    client.reply("ERR_UNKNOWNERROR", ["*"], "A line must not contain NUL; it was ignored");
    return;
  }
  const message = parseMessage(line, realm.limits);
  if (message === undefined) return;
  if (message === TOO_LONG) {
    realm.counters.linesTooLong += 1;
    refuse(realm, client, "too long");
    client.reply("ERR_INPUTTOOLONG");
    return;
  }
  const command = COMMANDS.get(message.command);
  if (command === undefined) {
    refuse(realm, client, "unknown command");
    client.reply("ERR_UNKNOWNCOMMAND", [message.command]);
  } else if (command.needsRegistration && !client.isRegistered) {
    refuse(realm, client, "not registered");
    client.reply("ERR_NOTREGISTERED");
  } else if (message.params.length < command.minParams) {
    refuse(realm, client, "parameters missing");
    client.reply("ERR_NEEDMOREPARAMS", [message.command]);
  } else {
    command.run(realm, client, message);
  }
}

function refuse(realm: Realm, client: Client, why: string): void {
  realm.counters.linesRefused += 1;
  realm.faults.count("irc.lineRefused", "irc line refused", { nick: client.nick, why });
}
