import { pino } from "pino";
import { encodeBody } from "../../../bridges/names.ts";
import { XmppNetwork, xmppSchema } from "../../../bridges/xmpp/index.ts";
import { RawRoom } from "../../support/raw-room.ts";
import { RawXmpp } from "../../support/raw-xmpp.ts";
import type { TestServer } from "../../support/test-server.ts";
import { XMPP_SERVICE } from "../../support/xmpp-service.ts";
import type { NetworkFixture, NetworkTimes, Outsider } from "./fixture.ts";
import type { Gives } from "./gives.ts";

/** How bridges log in. */
export type XmppLogin = "user" | "component";

/** Rooms of one of the servers. */
export function xmppFixture(
  name: string,
  startServer: () => Promise<TestServer>,
  login: XmppLogin,
  gives: Gives,
): NetworkFixture {
  return {
    name,
    network: "xmpp",
    gives,
    // Prosody has no words for it, so ours stand for the condition.
    closedWords: /member|registration/i,
    memberId: (channel, nick) => `xmpp:${roomOf(channel)}/${nick}`,
    startServer,
    makeNetwork: (server, node, times) => makeXmppNetwork(server, node, login, times),
    makeOutsider: async (server, nick) => new XmppOutsider(nick, await RawXmpp.login(server)),
  };
}

/** A network of the given node, which reconnects fast. */
export function makeXmppNetwork(
  server: Pick<TestServer, "host" | "port" | "otherPorts">,
  node: number,
  login: XmppLogin,
  times: NetworkTimes = {},
): XmppNetwork {
  const { user, password } = XMPP_SERVICE.account;
  const account =
    login === "user"
      ? { jid: `${user}@${XMPP_SERVICE.domain}`, password, port: server.port }
      : { component: nextComponent(), secret: XMPP_SERVICE.componentSecret, port: server.otherPorts["component"] };
  const config = xmppSchema.parse({
    ...account,
    host: server.host,
    mucService: XMPP_SERVICE.mucDomain,
    tls: "none",
    maxStanzaBytes: 8 * 1024 * 1024,
    reconnectMinMs: 20,
    reconnectMaxMs: 100,
    ...times,
  });
  let count = 0;
  return new XmppNetwork(config, {
    node,
    log: pino({ level: "silent" }),
    now: Date.now,
    random: Math.random,
    newId: () => `${node}-${count++}`,
  });
}

let components = 0;

/** A domain that none of the last few bridges has. */
function nextComponent(): string {
  const domains = XMPP_SERVICE.componentDomains;
  return domains[components++ % domains.length] ?? "";
}

class XmppOutsider implements Outsider {
  nick: string;
  readonly #xmpp: RawXmpp;
  readonly #rooms = new Map<string, RawRoom>();

  constructor(nick: string, xmpp: RawXmpp) {
    this.nick = nick;
    this.#xmpp = xmpp;
  }

  async join(channel: string): Promise<void> {
    await this.#enter(roomOf(channel));
  }

  async joinForeign(): Promise<void> {
    await this.#enter(`not=a+bayeux.channel@${XMPP_SERVICE.mucDomain}`);
  }

  say(channel: string, text: string): void {
    this.#room(channel).say(text);
  }

  act(channel: string, text: string): void {
    this.say(channel, `/me ${text}`);
  }

  taken(): Promise<void> {
    // A room answers in its own order; so does the connection, for one that is not in any.
    return this.#xmpp.taken([...this.#rooms.keys()]);
  }

  async leave(channel: string): Promise<void> {
    await this.#room(channel).leave();
    this.#rooms.delete(roomOf(channel));
  }

  async rename(name: string): Promise<void> {
    for (const room of this.#rooms.values()) await room.rename(name);
    this.nick = name;
  }

  quit(): void {
    this.#xmpp.end();
  }

  cut(): void {
    this.#xmpp.close();
  }

  close(channel: string): Promise<void> {
    return this.#room(channel).configure({ membersonly: true });
  }

  hide(channel: string): Promise<void> {
    return this.#room(channel).configure({ publicroom: false });
  }

  /** In a room, it is never otherwise. */
  membersOnly(): Promise<void> {
    return Promise.resolve();
  }

  async silence(channel: string): Promise<void> {
    const room = this.#room(channel);
    await room.configure({ moderatedroom: true });
    await room.setRole(await room.otherNick(), "visitor");
  }

  expel(channel: string, nick: string): Promise<void> {
    return this.#room(channel).setRole(nick, "none");
  }

  async expelBridge(channel: string): Promise<void> {
    await this.expel(channel, await this.#room(channel).otherNick());
  }

  heard(channel: string): readonly string[] {
    return this.#rooms.get(roomOf(channel))?.texts ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#xmpp[Symbol.asyncDispose]();
  }

  async #enter(jid: string): Promise<void> {
    const room = new RawRoom(this.#xmpp, jid, this.nick);
    await room.join();
    this.#rooms.set(jid, room);
  }

  #room(channel: string): RawRoom {
    const room = this.#rooms.get(roomOf(channel));
    if (room === undefined) throw new Error(`${this.nick} is not in ${channel}`);
    return room;
  }
}

function roomOf(channel: string): string {
  const local = encodeBody(channel, 128)?.body;
  if (local === undefined) throw new Error(`not a channel: ${channel}`);
  return `${local}@${XMPP_SERVICE.mucDomain}`;
}
