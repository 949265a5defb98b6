import { RawIrc } from "../support/raw-irc.ts";
import { RawRoom } from "../support/raw-room.ts";
import { RawXmpp } from "../support/raw-xmpp.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";
import { childOf, escapeXml, textOf } from "../support/xml-stream.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** People on the network itself: one who speaks, and whoever tells afterwards what the network carried. */
export interface Outsiders extends AsyncDisposable {
  /** Says it, or drops it where there is no connection. */
  say(text: string): void;
  /** Come back after their server was killed. */
  comeBack(): Promise<void>;
  /** Resolves when the network has come together again after it was split. */
  isWhole(): Promise<void>;
  /** What was carried, in order; complete when `last` is in it. */
  carried(last: string): Promise<readonly string[]>;
}

/** A slow machine with a server that has just been started. */
const WAIT_MS = 20_000;
const PAGE = 500;
const MAM = "urn:xmpp:mam:2";
const RSM = "http://jabber.org/protocol/rsm";

/** On IRC a second connection listens at each server. The speaker may be at another one than the bridge. */
export class IrcOutsiders implements Outsiders {
  readonly #channel: string;
  readonly #near: Address;
  readonly #far: Address;
  readonly #speakerNick: string;
  #speaker: RawIrc | null = null;
  /** Of each server, by turns: a killed one has ended the one before. */
  readonly #nearEars: RawIrc[] = [];
  readonly #farEars: RawIrc[] = [];

  private constructor(room: string, near: Address, far: Address) {
    this.#channel = `#${room}`;
    this.#speakerNick = `b${room}`;
    this.#near = near;
    this.#far = far;
  }

  /** @param near where the bridge is @param far where the speaker is; the same, or linked to it */
  static async enter(room: string, near: Address, far: Address = near): Promise<IrcOutsiders> {
    const outsiders = new IrcOutsiders(room, near, far);
    await outsiders.comeBack();
    return outsiders;
  }

  say(text: string): void {
    this.#speaker?.say(this.#channel, text);
  }

  async comeBack(): Promise<void> {
    await this[Symbol.asyncDispose]();
    const [room, isLinked] = [this.#channel.slice(1), this.#near !== this.#far];
    // They listen before anybody speaks.
    this.#nearEars.push(await RawIrc.login(this.#near, `n${room}`, this.#channel));
    if (isLinked) this.#farEars.push(await RawIrc.login(this.#far, `f${room}`, this.#channel));
    this.#speaker = await RawIrc.login(this.#far, this.#speakerNick, this.#channel);
    if (isLinked) await this.isWhole();
  }

  async isWhole(): Promise<void> {
    await this.#nearEars.at(-1)?.waitFor(new RegExp(`^(@\\S+ )?:${this.#speakerNick}!\\S+ JOIN `), WAIT_MS);
  }

  async carried(last: string): Promise<readonly string[]> {
    const isLinked = this.#farEars.length > 0;
    await waitUntil(() => this.#heard(isLinked ? this.#farEars : this.#nearEars).some(({ text }) => text === last));
    const near = this.#heard(this.#nearEars);
    if (!isLinked) return near.map(({ text }) => text);
    // Each is heard best where they speak.
    const isSpeaker = ({ nick }: { nick: string }): boolean => nick === this.#speakerNick;
    const far = this.#heard(this.#farEars).filter(isSpeaker);
    return [...near.filter((one) => !isSpeaker(one)), ...far].map(({ text }) => text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [this.#speaker, this.#nearEars.at(-1), this.#farEars.at(-1)];
    this.#speaker = null;
    await Promise.all(open.map((irc) => irc?.[Symbol.asyncDispose]()));
  }

  #heard(ears: readonly RawIrc[]): readonly { nick: string; text: string }[] {
    const pattern = new RegExp(`^(?:@\\S+ )?:([^!]+)!\\S+ PRIVMSG ${this.#channel} :(.*)$`);
    return ears.flatMap(({ lines }) =>
      lines.flatMap((line) => {
        const [, nick, text] = pattern.exec(line) ?? [];
        return nick === undefined || text === undefined ? [] : [{ nick, text }];
      }),
    );
  }
}

/** On XMPP the room's archive is the witness. */
export class XmppOutsiders implements Outsiders {
  readonly #server: Address;
  readonly #jid: string;
  #xmpp: RawXmpp | null = null;
  #room: RawRoom | null = null;

  private constructor(room: string, server: Address) {
    this.#server = server;
    this.#jid = `${room}@${XMPP_SERVICE.mucDomain}`;
  }

  static async enter(room: string, server: Address): Promise<XmppOutsiders> {
    const outsiders = new XmppOutsiders(room, server);
    await outsiders.comeBack();
    return outsiders;
  }

  say(text: string): void {
    this.#room?.say(text);
  }

  async comeBack(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#xmpp = await RawXmpp.login(this.#server);
    const room = new RawRoom(this.#xmpp, this.#jid, "bob");
    await room.join();
    this.#room = room;
  }

  isWhole(): Promise<void> {
    return Promise.resolve();
  }

  async carried(last: string): Promise<readonly string[]> {
    const texts: string[] = [];
    let position = "";
    // Each page once, and then what is new: the whole archive is a lot for a server to read again and again. Publishes whose
    // fate is unknown may come after the last one, any number of them.
    const readOn = async (): Promise<boolean> => {
      const page = await this.#page(position, PAGE);
      texts.push(...page.texts);
      if (page.lastId !== "") position = `<after>${escapeXml(page.lastId)}</after>`;
      return page.isLast && texts.includes(last);
    };
    await waitUntil(readOn, `${last} in the archive`);
    return texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const xmpp = this.#xmpp;
    [this.#xmpp, this.#room] = [null, null];
    await xmpp?.[Symbol.asyncDispose]();
  }

  async #page(position: string, max: number): Promise<{ texts: string[]; lastId: string; isLast: boolean }> {
    const xmpp = this.#xmpp;
    if (xmpp === null) throw new Error("not connected");
    const start = xmpp.stanzas.length;
    const query = `<query xmlns="${MAM}"><set xmlns="${RSM}"><max>${max}</max>${position}</set></query>`;
    const answer = await xmpp.ask("set", this.#jid, query, WAIT_MS);
    const texts = xmpp.stanzas.slice(start).flatMap((stanza) => {
      const result = childOf(stanza, "result", MAM);
      const forwarded = result && childOf(result, "forwarded");
      const message = forwarded && childOf(forwarded, "message");
      const body = message && childOf(message, "body");
      return body === undefined ? [] : [textOf(body)];
    });
    const fin = childOf(answer, "fin", MAM);
    const set = fin && childOf(fin, "set");
    const lastId = textOf(set && childOf(set, "last"));
    return { texts, lastId, isLast: fin?.attributes["complete"] === "true" || lastId === "" };
  }
}

/** @throws Error after a bounded time */
export async function waitUntil(isSo: () => boolean | Promise<boolean>, what = "what was awaited"): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about within ${WAIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
