import { RawIrc } from "../support/raw-irc.ts";
import { RawRoom } from "../support/raw-room.ts";
import { RawXmpp } from "../support/raw-xmpp.ts";
import type { TestServer } from "../support/test-server.ts";
import { childOf, textOf, type XmlElement } from "../support/xml-stream.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";
import { nowMs } from "./clients/protocol.ts";
import type { Carried, ChannelHistory } from "./history.ts";

const WAIT_MS = 20_000;
const LOOK_MS = 25;
/** Longer than any run. */
const LISTEN_MS = 24 * 3_600_000;

/** The channels of a run, and where they are. */
export interface Channels {
  /** Names on IRC without the `#`; browsers know them as `/name`. */
  readonly irc: readonly string[];
  /** Names of rooms; browsers know them as `/xmpp/name`. */
  readonly xmpp: readonly string[];
}

/** The names that browsers use. */
export function bayeuxChannels({ irc, xmpp }: Channels): string[] {
  return [...irc.map((name) => `/${name}`), ...xmpp.map((name) => `/xmpp/${name}`)];
}

interface XmppPeople {
  readonly ear: RawXmpp;
  readonly speaker: RawXmpp;
  /** As the speaker is in them. */
  readonly rooms: ReadonlyMap<string, RawRoom>;
}

/** Somebody on both networks who speaks in all channels, and somebody else who hears what they carry. */
export class Traffic implements AsyncDisposable {
  readonly #channels: Channels;
  readonly #ircd: TestServer;
  #ircPeople: readonly RawIrc[] = [];
  readonly #xmpp: XmppPeople;
  readonly #carried: Map<string, Carried[]>;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #wasCut = false;

  private constructor(channels: Channels, ircd: TestServer, xmpp: XmppPeople) {
    this.#channels = channels;
    this.#carried = new Map(bayeuxChannels(channels).map((channel) => [channel, []]));
    this.#ircd = ircd;
    this.#xmpp = xmpp;
  }

  static async start(channels: Channels, ircd: TestServer, xmppServer: TestServer): Promise<Traffic> {
    const ear = await RawXmpp.login(xmppServer);
    const speaker = await RawXmpp.login(xmppServer);
    const rooms = new Map<string, RawRoom>();
    for (const name of channels.xmpp) {
      const jid = `${name}@${XMPP_SERVICE.mucDomain}`;
      await new RawRoom(ear, jid, "ear").join();
      const room = new RawRoom(speaker, jid, "speaker");
      await room.join();
      rooms.set(name, room);
    }
    const traffic = new Traffic(channels, ircd, { ear, speaker, rooms });
    traffic.#listenOnXmpp(ear);
    await traffic.comeBack();
    traffic.#wasCut = false;
    return traffic;
  }

  /** Enters the IRC server, again after it was stopped. */
  async comeBack(): Promise<void> {
    const [ear, speaker] = await Promise.all(["ear", "speaker"].map((nick) => RawIrc.login(this.#ircd, nick)));
    if (!ear || !speaker) throw new Error("two nicks make two");
    this.#listenOnIrc(ear);
    for (const irc of [ear, speaker]) for (const name of this.#channels.irc) await irc.join(`#${name}`);
    this.#ircPeople = [speaker, ear];
    this.#wasCut = true;
  }

  /** Nothing is remembered of what was said, and somebody speaks in one channel after the other. */
  begin(prefix: string, everyMs: number): void {
    this.#forget();
    const names = bayeuxChannels(this.#channels);
    this.#timer = setInterval(() => {
      const channel = names[this.#count % names.length];
      if (channel !== undefined) this.say(channel, `${prefix}s${this.#count}`);
      this.#count++;
    }, everyMs);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Says it where there is a connection. */
  say(channel: string, text: string): void {
    if (channel.startsWith("/xmpp/")) this.#xmpp.rooms.get(channel.slice("/xmpp/".length))?.say(text);
    else this.#ircPeople[0]?.say(`#${channel.slice(1)}`, text);
  }

  /** Says something in each channel. @returns what, once the networks have carried it */
  async sayEverywhere(prefix: string): Promise<Readonly<Record<string, string>>> {
    const texts: Record<string, string> = {};
    for (const channel of bayeuxChannels(this.#channels)) {
      const text = `${prefix}e${this.#count++}`;
      texts[channel] = text;
      this.say(channel, text);
    }
    const deadline = performance.now() + WAIT_MS;
    while (![...this.#carried].every(([channel, list]) => list.some(({ text }) => text === texts[channel]))) {
      if (performance.now() > deadline) throw new Error(`the networks did not carry ${prefix} within ${WAIT_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return texts;
  }

  /** What the networks carried, of the messages that begin like this. */
  history(prefix: string): ChannelHistory[] {
    return [...this.#carried].map(([channel, list]) => {
      const carried = list.filter(({ text }) => text.startsWith(prefix));
      return { channel, carried, isWitnessCut: this.#wasCut && !channel.startsWith("/xmpp/") };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    const all = [...this.#ircPeople, this.#xmpp.ear, this.#xmpp.speaker];
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
  }

  /** Looks at each line as it comes, and is never content with one. */
  #listenOnIrc(ear: RawIrc): void {
    const look = (line: string): boolean => {
      const [, name = "", text = ""] = /^(?:@\S+ )?:\S+ PRIVMSG #(\S+) :(.*)$/.exec(line) ?? [];
      this.#carried.get(`/${name}`)?.push({ text, atMs: nowMs() });
      return false;
    };
    ear.waitFor(look, LISTEN_MS).catch(() => undefined); // The connection has ended.
  }

  #listenOnXmpp(ear: RawXmpp): void {
    const look = (stanza: XmlElement): boolean => {
      const { type, from = "" } = stanza.attributes;
      const body = type === "groupchat" ? childOf(stanza, "body") : undefined;
      const channel = `/xmpp/${from.split("@")[0]}`;
      if (body) this.#carried.get(channel)?.push({ text: textOf(body), atMs: nowMs() });
      return false;
    };
    ear.waitFor(look, "nothing", LISTEN_MS).catch(() => undefined); // The connection has ended.
  }

  #forget(): void {
    this.#wasCut = false;
    for (const list of this.#carried.values()) list.length = 0;
    for (const { lines } of this.#ircPeople) lines.length = 0;
    for (const { stanzas } of [this.#xmpp.ear, this.#xmpp.speaker]) stanzas.length = 0;
  }
}
