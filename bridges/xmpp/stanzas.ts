import { xml, type Element } from "@xmpp/client";

/** Namespaces, by the specification that they come from. */
export const NS = {
  /** XEP-0004 */
  form: "jabber:x:data",
  /** XEP-0030 */
  discoInfo: "http://jabber.org/protocol/disco#info",
  discoItems: "http://jabber.org/protocol/disco#items",
  /** XEP-0045 */
  muc: "http://jabber.org/protocol/muc",
  mucUser: "http://jabber.org/protocol/muc#user",
  mucOwner: "http://jabber.org/protocol/muc#owner",
  /** XEP-0059 */
  rsm: "http://jabber.org/protocol/rsm",
  /** XEP-0199 */
  ping: "urn:xmpp:ping",
  /** XEP-0203 */
  delay: "urn:xmpp:delay",
  /** XEP-0297 */
  forward: "urn:xmpp:forward:0",
  /** XEP-0313 */
  mam: "urn:xmpp:mam:2",
  /** XEP-0334 */
  hints: "urn:xmpp:hints",
  /** XEP-0335 */
  json: "urn:xmpp:json:0",
  /** XEP-0359 */
  stanzaId: "urn:xmpp:sid:0",
  /** RFC 6120 */
  errors: "urn:ietf:params:xml:ns:xmpp-stanzas",
  /** Ours: the declared name and the origin id of a message; what bridges announce. */
  tailspin: "urn:tailspin:0",
} as const;

/** What an error stanza says. */
export interface Refusal {
  /** Condition of RFC 6120 §8.3.3, e.g. `"forbidden"`. */
  readonly condition: string;
  /** The server's words, for people. */
  readonly words: string;
}

/** Reads a stanza of type `error`. */
export function refusalOf(stanza: Element): Refusal {
  const error = stanza.getChild("error");
  const condition = error?.getChildElements().find((child) => child.getNS() === NS.errors && !child.is("text"));
  const name = condition?.name ?? "undefined-condition";
  const text = error?.getChildText("text")?.trim() ?? "";
  return { condition: name, words: text === "" ? name : `${text} (${name})` };
}

/** A form to submit (XEP-0004). */
export function submitForm(formType: string, fields: readonly (readonly [name: string, value: string])[]): Element {
  const field = (name: string, value: string, type?: string): Element =>
    xml("field", { var: name, type }, xml("value", null, value));
  return xml(
    "x",
    { xmlns: NS.form, type: "submit" },
    field("FORM_TYPE", formType, "hidden"),
    ...fields.map(([name, value]) => field(name, value)),
  );
}

/** Splits `room@service/nick`; the nick is empty where there is none, and may hold a `/`. */
export function splitJid(jid: string): [bare: string, resource: string] {
  const slash = jid.indexOf("/");
  return slash < 0 ? [jid, ""] : [jid.slice(0, slash), jid.slice(slash + 1)];
}

/** Takes out what XML 1.0 cannot carry (§2.2): control characters, lone surrogates, U+FFFE and U+FFFF. */
export function cleanXml(text: string): string {
  // CR is allowed, but every parser turns it into a line feed.
  return text.toWellFormed().replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\uFFFE\uFFFF]/g, " ");
}
