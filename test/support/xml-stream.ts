/** An XML element. Namespaces are where they were written: in the attribute `xmlns`. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string)[];
}

interface OpenElement extends XmlElement {
  readonly children: (XmlElement | string)[];
}

/** A whole tag (a `>` in a quoted value does not end it), or text before one. */
const TOKEN = /<(?:[^"'>]|"[^"]*"|'[^']*')*>|[^<]+(?=<)/y;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** Reads an XMPP stream: what opens it, then one stanza after the other. Knows the XML that servers write, and no more. */
export class XmlStream {
  readonly #onOpen: (attributes: Readonly<Record<string, string>>) => void;
  readonly #onStanza: (stanza: XmlElement) => void;
  readonly #open: OpenElement[] = [];
  #text = "";

  constructor(onOpen: (attributes: Readonly<Record<string, string>>) => void, onStanza: (stanza: XmlElement) => void) {
    this.#onOpen = onOpen;
    this.#onStanza = onStanza;
  }

  /** What follows is a stream of its own, as after logging in. */
  restart(): void {
    this.#open.length = 0;
    this.#text = "";
  }

  feed(chunk: string): void {
    this.#text += chunk;
    for (;;) {
      TOKEN.lastIndex = 0;
      const token = TOKEN.exec(this.#text)?.[0];
      if (token === undefined) return;
      this.#text = this.#text.slice(token.length);
      if (!token.startsWith("<")) this.#open.at(-1)?.children.push(unescapeXml(token));
      else if (token.startsWith("</")) this.#close();
      else if (!token.startsWith("<?")) this.#start(token);
    }
  }

  #start(tag: string): void {
    const name = /^<([^\s/>]+)/.exec(tag)?.[1] ?? "";
    const attributes: Record<string, string> = {};
    for (const [, key = "", double, single] of tag.slice(name.length + 1).matchAll(ATTRIBUTE)) {
      attributes[key] = unescapeXml(double ?? single ?? "");
    }
    const element: OpenElement = { name, attributes, children: [] };
    this.#open.push(element);
    if (this.#open.length === 1) this.#onOpen(attributes);
    else if (tag.endsWith("/>")) this.#close();
  }

  #close(): void {
    const element = this.#open.pop();
    const parent = this.#open.at(-1);
    if (element === undefined || parent === undefined) return; // The end of the stream.
    if (this.#open.length === 1) this.#onStanza(element);
    else parent.children.push(element);
  }
}

/** The elements with this name right inside this one, and with this namespace, if one is given. */
export function childrenOf(element: XmlElement, name: string, xmlns?: string): readonly XmlElement[] {
  return element.children.filter(
    (child): child is XmlElement =>
      typeof child !== "string" && child.name === name && (xmlns === undefined || child.attributes["xmlns"] === xmlns),
  );
}

/** The first of them. */
export function childOf(element: XmlElement, name: string, xmlns?: string): XmlElement | undefined {
  return childrenOf(element, name, xmlns)[0];
}

/** The text right inside an element. */
export function textOf(element: XmlElement | undefined): string {
  return (element?.children ?? []).filter((child) => typeof child === "string").join("");
}

/** Makes text fit between tags and in quoted values. Characters that XML cannot carry stay as they are. */
export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => {
    const name = Object.keys(ENTITIES).find((entity) => ENTITIES[entity] === character);
    return `&${name};`;
  });
}

function unescapeXml(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, entity: string) => {
    if (entity.startsWith("#x")) return String.fromCodePoint(Number.parseInt(entity.slice(2), 16));
    if (entity.startsWith("#")) return String.fromCodePoint(Number(entity.slice(1)));
    return ENTITIES[entity] ?? whole;
  });
}
