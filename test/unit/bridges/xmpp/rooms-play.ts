// oxlint-disable-next-line typescript/triple-slash-reference -- the package has no types, and ours cannot be imported
/// <reference path="../../../../bridges/xmpp/xmpp.d.ts" />
import { xml, type Element } from "@xmpp/client";
import { PLAIN_NAMING } from "../../../../bridges/naming.ts";
import { xmppSchema } from "../../../../bridges/xmpp/index.ts";
import { RoomNames } from "../../../../bridges/xmpp/names.ts";
import { bridgeNickTest } from "../../../../bridges/xmpp/nicks.ts";
import { Rooms } from "../../../../bridges/xmpp/rooms.ts";
import { NS } from "../../../../bridges/xmpp/stanzas.ts";

export const LOBBY = "lobby@muc";
const config = xmppSchema.parse({ joinTimeoutMs: 1_000, rejoinIntervalMs: 5_000, maxJoins: 2 });

/** Rooms, what they send, and what they tell; the tests play the server. */
export class Play {
  readonly sent: Element[] = [];
  readonly told: string[] = [];
  readonly asked: Element[] = [];
  nowMs = 0;
  /** The room that shows something. */
  room = LOBBY;
  /** Whose id is repeated in what is shown: that of the stanza that was sent as this one, from 0. */
  answered: number | null = null;
  answer: (child: Element) => Promise<Element> = () => Promise.resolve(xml("iq", { type: "result" }));
  #ids = 0;
  readonly rooms = new Rooms({
    config,
    names: new RoomNames(PLAIN_NAMING, "muc", 128),
    nicks: ["tailspin1", "tailspin1_"],
    now: () => this.nowMs,
    owner: {
      send: (stanza) => this.sent.push(stanza),
      ask: (_type, _to, child) => {
        this.asked.push(child);
        return this.answer(child);
      },
      nextId: () => `id${(this.#ids += 1)}`,
      occupantsOwner: (room) => ({
        isBridge: (nick) => nick === room.nick || bridgeNickTest("tailspin")(nick),
        onChange: (change) => this.told.push(JSON.stringify(change)),
        onPeerJoined: (nick) => this.told.push(`peer joined ${nick}`),
        onPeerLeft: (nick) => this.told.push(`peer left ${nick}`),
      }),
      onJoined: (room, absence) => this.told.push(`joined ${room.name} ${absence ?? "anew"}`),
      onLost: (room, reason) => this.told.push(`lost ${room.name} ${reason}`),
      onSetUpFailed: () => this.told.push("set-up failed"),
    },
  });

  static async connected(): Promise<Play> {
    const play = new Play();
    await play.rooms.onConnected();
    return play;
  }

  get log(): readonly string[] {
    return this.sent.map(({ attrs }) => `${attrs["type"] ?? "join"} ${attrs["to"] ?? ""}`);
  }

  show(nick: string, statuses: readonly string[] = [], type?: string, item: Record<string, string> = {}): void {
    const codes = statuses.map((code) => xml("status", { code }));
    const x = xml("x", { xmlns: NS.mucUser }, xml("item", item), ...codes);
    const id = this.answered === null ? undefined : this.sent[this.answered]?.attrs["id"];
    this.rooms.onPresence(xml("presence", { from: `${this.room}/${nick}`, type, id }, x));
  }

  refuse(condition: string, words = "", id = this.sent.at(-1)?.attrs["id"]): void {
    const text = xml("text", { xmlns: NS.errors }, words);
    const error = xml("error", { type: "auth" }, xml(condition, { xmlns: NS.errors }), text);
    this.rooms.onPresence(xml("presence", { from: `${this.room}/tailspin1`, type: "error", id }, error));
  }

  async joined(): Promise<void> {
    const join = this.rooms.join("/lobby");
    this.show("tailspin1", ["110"]);
    await join;
  }
}
