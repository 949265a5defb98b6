import { xml, type Element } from "@xmpp/client";
import type { XmppConfig } from "./config.ts";
import { NS, submitForm } from "./stanzas.ts";

/** Asks a room, see `Connection.request`. */
export type Ask = (type: "get" | "set", to: string, child: Element) => Promise<Element>;

const FORM_TYPE = "http://jabber.org/protocol/muc#roomconfig";

/**
 * Configures a room that we have just created; until then nobody else may enter (XEP-0045 §10.1).
 *
 * @param title what the room is called in lists
 * @throws NetworkError or RequestError when the server wants none of it
 */
export async function setUpRoom(ask: Ask, room: string, title: string, config: XmppConfig): Promise<void> {
  const form = (await ask("get", room, xml("query", { xmlns: NS.mucOwner })))
    .getChild("query", NS.mucOwner)
    ?.getChild("x", NS.form);
  const offered = new Set(form?.getChildren("field").map((field) => field.attrs["var"]) ?? []);
  const flag = (isSet: boolean): string => (isSet ? "1" : "0");
  const wishes = [
    ["muc#roomconfig_roomname", title],
    ["muc#roomconfig_persistentroom", flag(config.persistentRooms)],
    ["muc#roomconfig_publicroom", flag(config.publicRooms)],
    ["muc#roomconfig_whois", config.anonymousRooms ? "moderators" : "anyone"],
    ["muc#roomconfig_enablearchiving", flag(config.archivedRooms)],
    // ejabberd's own name for it.
    ["mam", flag(config.archivedRooms)],
  ] as const;
  const fields = wishes.filter(([name]) => offered.has(name));
  await ask("set", room, xml("query", { xmlns: NS.mucOwner }, submitForm(FORM_TYPE, fields)));
}
