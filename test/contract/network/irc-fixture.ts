import { pino } from "pino";
import { IrcNetwork, ircSchema } from "../../../bridges/irc/index.ts";
import { encodeName } from "../../../bridges/irc/names.ts";
import { RawIrc } from "../../support/raw-irc.ts";
import type { TestServer } from "../../support/test-server.ts";
import type { NetworkFixture, NetworkTimes, Outsider } from "./fixture.ts";
import type { Gives } from "./gives.ts";

/** IRC over one of the servers. */
export function ircFixture(name: string, startServer: () => Promise<TestServer>, gives: Gives): NetworkFixture {
  return {
    name,
    network: "irc",
    gives,
    closedWords: /invit|\+i/i,
    memberId: (_, nick) => `irc:${nick.toLowerCase()}`,
    startServer,
    makeNetwork: makeIrcNetwork,
    makeOutsider: async (server, nick) => new IrcOutsider(nick, await RawIrc.login(server, nick)),
  };
}

/** A network of the given node, which reconnects fast, and is patient where a busy machine may be slow. */
export function makeIrcNetwork(
  server: Pick<TestServer, "host" | "port">,
  node: number,
  times: NetworkTimes = {},
): IrcNetwork {
  const config = ircSchema.parse({ reconnectMinMs: 20, reconnectMaxMs: 100, markTimeoutMs: 20_000, ...times });
  let count = 0;
  return new IrcNetwork(
    { ...config, host: server.host, port: server.port },
    {
      node,
      log: pino({ level: "silent" }),
      now: Date.now,
      random: Math.random,
      newId: () => `${node}-${count++}`,
    },
  );
}

class IrcOutsider implements Outsider {
  nick: string;
  readonly #irc: RawIrc;

  constructor(nick: string, irc: RawIrc) {
    this.nick = nick;
    this.#irc = irc;
  }

  async join(channel: string): Promise<void> {
    await this.#irc.join(toIrc(channel));
  }

  joinForeign(): Promise<void> {
    return this.#irc.join("#not=a+bayeux.channel");
  }

  say(channel: string, text: string): void {
    this.#irc.say(toIrc(channel), text);
  }

  act(channel: string, text: string): void {
    this.#irc.say(toIrc(channel), `\x01ACTION ${text}\x01`);
  }

  taken(): Promise<void> {
    return this.#irc.taken();
  }

  async leave(channel: string): Promise<void> {
    this.#irc.send(`PART ${toIrc(channel)}`);
    await this.#irc.waitFor(new RegExp(`:${this.nick}!\\S+ PART `));
  }

  async rename(name: string): Promise<void> {
    this.#irc.send(`NICK ${name}`);
    await this.#irc.waitFor(new RegExp(`:${this.nick}!\\S+ NICK :?${name}`));
    this.nick = name;
  }

  quit(): void {
    this.#irc.send("QUIT :bye");
  }

  cut(): void {
    this.#irc.close();
  }

  close(channel: string): Promise<void> {
    return this.#mode(channel, "+i");
  }

  hide(channel: string): Promise<void> {
    return this.#mode(channel, "+s");
  }

  membersOnly(channel: string): Promise<void> {
    return this.#mode(channel, "+n");
  }

  silence(channel: string): Promise<void> {
    return this.#mode(channel, "+m");
  }

  async expel(channel: string, nick: string): Promise<void> {
    this.#irc.send(`KICK ${toIrc(channel)} ${nick} :out`);
    await this.#irc.waitFor(/ KICK /);
  }

  async expelBridge(channel: string): Promise<void> {
    const joined = await this.#irc.waitFor(/:tailspin\d+!\S+ JOIN /);
    await this.expel(channel, /:(tailspin\d+)!/.exec(joined)?.[1] ?? "");
  }

  heard(channel: string): readonly string[] {
    const said = ` PRIVMSG ${toIrc(channel)} :`;
    return this.#irc.lines
      .filter((line) => line.includes(said))
      .map((line) => line.slice(line.indexOf(said) + said.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#irc[Symbol.asyncDispose]();
  }

  async #mode(channel: string, mode: string): Promise<void> {
    this.#irc.send(`MODE ${toIrc(channel)} ${mode}`);
    // A mode that is set already is not confirmed, but the list of modes tells.
    this.#irc.send(`MODE ${toIrc(channel)}`);
    await this.#irc.waitFor(new RegExp(` 324 \\S+ \\S+ :?\\+\\S*${mode.slice(1)}`));
  }
}

function toIrc(channel: string): string {
  const name = encodeName(channel, 50)?.ircChannel;
  if (name === undefined) throw new Error(`not a channel: ${channel}`);
  return name;
}
