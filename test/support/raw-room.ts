import type { RawXmpp } from "./raw-xmpp.ts";
import { childOf, childrenOf, escapeXml, textOf, type XmlElement } from "./xml-stream.ts";

const MUC = "http://jabber.org/protocol/muc";
const OWN_PRESENCE = "110";

/** A room (XEP-0045) as somebody in it sees it. */
export class RawRoom {
  /** The room's bare JID. */
  readonly jid: string;
  readonly #xmpp: RawXmpp;
  #nick: string;
  #said = 0;

  constructor(xmpp: RawXmpp, jid: string, nick: string) {
    this.#xmpp = xmpp;
    this.jid = jid;
    this.#nick = nick;
  }

  /**
   * Resolves when we are in.
   * @throws Error with the server's answer, when it refuses
   */
  async join(): Promise<void> {
    this.#xmpp.send(`<presence to="${this.#self()}"><x xmlns="${MUC}"><history maxstanzas="0"/></x></presence>`);
    const answer = await this.#xmpp.waitFor(
      (stanza) => this.#isOwnPresence(stanza) || this.#isFrom(stanza, "presence", "error"),
      `our presence in ${this.jid}`,
    );
    if (answer.attributes["type"] === "error") throw new Error(`refused: ${JSON.stringify(answer)}`);
    // A server that locks new rooms opens it for what it has by default.
    if (statusesOf(answer).includes("201")) await this.configure({});
  }

  /** @param more elements beside the body, as XML */
  say(text: string, more = ""): void {
    const id = `${this.#nick}-${++this.#said}`;
    this.#xmpp.send(
      `<message to="${escapeXml(this.jid)}" type="groupchat" id="${escapeXml(id)}"><body>${escapeXml(text)}</body>${more}</message>`,
    );
  }

  /** Resolves when the server has confirmed it. */
  async leave(): Promise<void> {
    this.#xmpp.send(`<presence to="${this.#self()}" type="unavailable"/>`);
    await this.#xmpp.waitFor(
      (stanza) => this.#isFrom(stanza, "presence", "unavailable") && this.#isOwnPresence(stanza),
      `the end of our presence in ${this.jid}`,
    );
  }

  /** Resolves when the server has confirmed the new name. */
  async rename(nick: string): Promise<void> {
    this.#nick = nick;
    this.#xmpp.send(`<presence to="${this.#self()}"/>`);
    await this.#xmpp.waitFor(
      (stanza) => this.#isOwnPresence(stanza) && stanza.attributes["from"] === `${this.jid}/${nick}`,
      `our presence as ${nick}`,
    );
  }

  /** As the owner: sets options of the room, e.g. `membersonly`. */
  async configure(options: Readonly<Record<string, boolean>>): Promise<void> {
    const fields = Object.entries(options).map(
      ([name, value]) => `<field var="muc#roomconfig_${name}"><value>${value ? 1 : 0}</value></field>`,
    );
    await this.#xmpp.ask(
      "set",
      this.jid,
      `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit">` +
        `<field var="FORM_TYPE" type="hidden"><value>${MUC}#roomconfig</value></field>${fields.join("")}</x></query>`,
    );
  }

  /** As a moderator: gives somebody a role, `none` to throw him out. */
  async setRole(nick: string, role: "none" | "visitor" | "participant"): Promise<void> {
    await this.#xmpp.ask(
      "set",
      this.jid,
      `<query xmlns="${MUC}#admin"><item nick="${escapeXml(nick)}" role="${role}"/></query>`,
    );
  }

  /** The nick of the first other person here; waits for one to come. */
  async otherNick(): Promise<string> {
    const notOthers = [this.jid, `${this.jid}/${this.#nick}`];
    const isOther = (stanza: XmlElement): boolean =>
      this.#isFrom(stanza, "presence", undefined) && !notOthers.includes(stanza.attributes["from"] ?? "");
    const known = this.#xmpp.stanzas.find(isOther) ?? (await this.#xmpp.waitFor(isOther, `somebody in ${this.jid}`));
    return (known.attributes["from"] ?? "").slice(this.jid.length + 1);
  }

  /** What was said here so far and is meant for people: messages with a body, as they came. */
  get heard(): readonly XmlElement[] {
    return this.#xmpp.stanzas.filter(
      (stanza) => this.#isFrom(stanza, "message", "groupchat") && childOf(stanza, "body") !== undefined,
    );
  }

  /** The texts of them. */
  get texts(): readonly string[] {
    return this.heard.map((stanza) => textOf(childOf(stanza, "body")));
  }

  #self(): string {
    return escapeXml(`${this.jid}/${this.#nick}`);
  }

  #isFrom({ name, attributes }: XmlElement, kind: string, type: string | undefined): boolean {
    return name === kind && attributes["type"] === type && (attributes["from"] ?? "").split("/")[0] === this.jid;
  }

  #isOwnPresence(stanza: XmlElement): boolean {
    const isHere = stanza.name === "presence" && (stanza.attributes["from"] ?? "").split("/")[0] === this.jid;
    return isHere && statusesOf(stanza).includes(OWN_PRESENCE);
  }
}

function statusesOf(presence: XmlElement): readonly string[] {
  const x = childOf(presence, "x", `${MUC}#user`);
  return x === undefined ? [] : childrenOf(x, "status").map(({ attributes }) => attributes["code"] ?? "");
}
