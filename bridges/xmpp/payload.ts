import { xml, type Element } from "@xmpp/client";
import { parseJson, toJson } from "../json.ts";
import { printableName } from "../names.ts";
import type { Publication } from "../network.ts";
import { cleanXml, NS } from "./stanzas.ts";

/** What a message says. `from` is the name that a bridge declared for it. */
export interface Said {
  readonly data: unknown;
  readonly from: string | null;
  /** Of a bridge's publication. */
  readonly originId: string | null;
}

/**
 * Turns a publication into the children of a message stanza: a body that people can read, the exact JSON (XEP-0335)
 * where the body does not say the same, and who published it.
 *
 * @returns null for what is not JSON, or too deep
 */
export function encodePayload(publication: Publication): Element[] | null {
  const json = toJson(publication.data);
  if (json === undefined) return null;
  const from = publication.from === null ? null : printableName(publication.from);
  const marker = xml("tailspin", { xmlns: NS.tailspin, from: from ?? undefined, origin: publication.originId });
  const body = xml("body", null, bodyOf(publication.data, json, from));
  if (meansTheSame([body, marker], json)) return [body, marker];
  return [body, xml("json", { xmlns: NS.json }, escapeForXml(json)), marker];
}

/**
 * Reads a message stanza.
 *
 * @param isBridge the sender is a bridge, so that it may say who published; from anybody else that is not read
 * @returns null for a message that says nothing: a subject, a typing notice
 */
export function decodePayload(message: Element, isBridge: boolean): Said | null {
  const marker = isBridge ? message.getChild("tailspin", NS.tailspin) : undefined;
  const from = marker?.attrs["from"] ?? null;
  const originId = marker?.attrs["origin"] ?? null;
  const exact = message.getChild("json", NS.json)?.getText();
  const data = exact === undefined ? undefined : parseJson(exact);
  if (data !== undefined) return { data, from, originId };
  const body = message.getChildText("body");
  return body === null ? null : { data: readBody(body, from), from, originId };
}

/** A string as XML text that comes back as it was, whatever is in it. */
export function encodeText(text: string): string {
  return escapeForXml(JSON.stringify(text));
}

/** The way back from `encodeText`; null for anything else. */
export function decodeText(text: string): string | null {
  const value = parseJson(text);
  return typeof value === "string" ? value : null;
}

function bodyOf(data: unknown, json: string, from: string | null): string {
  const prefix = from === null ? "" : `<${from}> `;
  const text = textOf(data);
  const readable = text === null ? "" : oneLine(text);
  if (readable === "") return prefix + cleanXml(json);
  const isAction = typeof data === "object" && data !== null && "action" in data && data.action === true;
  return `${isAction ? "/me " : ""}${prefix}${readable}`;
}

/** A second line could look as if somebody else had said it. */
function oneLine(text: string): string {
  return cleanXml(text)
    .replace(/[\t\n\u2028\u2029]+/g, " ")
    .trim();
}

function readBody(body: string, from: string | null): unknown {
  // XEP-0245
  const isAction = body.startsWith("/me ");
  const text = withoutName(isAction ? body.slice(4) : body, from);
  if (isAction) return { text, action: true };
  const json = /^[{["]/.test(text) ? parseJson(text) : undefined;
  return json === undefined ? { text } : json;
}

function withoutName(text: string, from: string | null): string {
  const prefix = `<${from ?? ""}> `;
  return from !== null && text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function textOf(data: unknown): string | null {
  if (typeof data !== "object" || data === null || !("text" in data)) return null;
  return typeof data.text === "string" ? data.text : null;
}

function meansTheSame(children: readonly Element[], json: string): boolean {
  const said = decodePayload(xml("message", null, ...children), true);
  return said !== null && JSON.stringify(said.data) === json;
}

/** `JSON.stringify` escapes lone surrogates and most control characters; XML 1.0 has a few more that it cannot carry. */
function escapeForXml(json: string): string {
  return json.replace(
    /[\x7f-\x9f\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
