import type { Element } from "@xmpp/client";
import { NS } from "./stanzas.ts";

/** Why somebody is out (XEP-0045 §15.6.2), in words. */
const FAREWELLS = new Map([
  ["301", "banned"],
  ["307", "kicked"],
  ["321", "removed, as our affiliation changed"],
  ["322", "removed, as the room became members-only"],
  ["332", "removed, as the service is being shut down"],
  ["333", "removed, because of a technical problem"],
]);

/** A presence from an occupant of a room, read. */
export class MucPresence {
  readonly nick: string;
  readonly isAvailable: boolean;
  readonly #x: Element | undefined;
  readonly #statuses: ReadonlySet<string | undefined>;

  constructor(stanza: Element, nick: string) {
    this.nick = nick;
    this.isAvailable = stanza.attrs["type"] !== "unavailable";
    this.#x = stanza.getChild("x", NS.mucUser);
    this.#statuses = new Set(this.#x?.getChildren("status").map((status) => status.attrs["code"]));
  }

  /** It is about us. */
  get isSelf(): boolean {
    return this.#statuses.has("110");
  }

  /** We have created the room, and have to configure it. */
  get isNewRoom(): boolean {
    return this.#statuses.has("201");
  }

  /** The nick that comes instead, for an unavailable presence that is part of a renaming. */
  get newNick(): string | null {
    if (this.isAvailable || !this.#statuses.has("303")) return null;
    return this.#x?.getChild("item")?.attrs["nick"] ?? null;
  }

  /** Why an unavailable presence came. */
  get farewell(): string {
    const destroy = this.#x?.getChild("destroy");
    if (destroy !== undefined) return withReason("the room was destroyed", destroy);
    const code = [...this.#statuses].find((status) => FAREWELLS.has(status ?? ""));
    const item = this.#x?.getChild("item");
    const actor = item?.getChild("actor")?.attrs["nick"];
    const by = actor === undefined ? "" : ` by ${actor}`;
    return withReason(`${FAREWELLS.get(code ?? "") ?? "removed"}${by}`, item);
  }
}

function withReason(text: string, element: Element | undefined): string {
  const reason = element?.getChildText("reason") ?? "";
  return reason === "" ? text : `${text}: ${reason}`;
}
