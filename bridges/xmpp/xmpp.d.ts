/** The part of @xmpp/client 0.14 and @xmpp/component 0.13 that TailSpin uses; the packages have no types of their own. */
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";

  export type Attributes = Readonly<Record<string, string | undefined>>;

  export class Element {
    readonly name: string;
    readonly attrs: Record<string, string | undefined>;
    readonly children: (Element | string)[];
    is(name: string, xmlns?: string): boolean;
    getNS(): string | undefined;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildElements(): Element[];
    getChildText(name: string, xmlns?: string): string | null;
    getText(): string;
    append(...nodes: (Element | string)[]): void;
    toString(): string;
  }

  export interface Parser extends EventEmitter {
    write(data: string): void;
  }

  export const xml: {
    (name: string, attributes?: Attributes | null, ...children: (Element | string | null | undefined)[]): Element;
    readonly Parser: new () => Parser;
  };

  /** With what SCRAM-SHA-1 needs of the password, where that was computed before: it looks when it has the challenge. */
  interface Credentials {
    username: string;
    password: string;
    salt: readonly number[];
    saltedPassword: Uint8Array;
  }

  type Authenticate = (credentials: Credentials, mechanism: string) => Promise<void>;

  /** What a client and a component have in common. */
  export interface Entity extends EventEmitter {
    timeout: number;
    readonly reconnect: { stop(): void };
    readonly iqCaller: { readonly handlers: Map<string, { reject(error: Error): void }> };
    readonly jid: { toString(): string } | null;
    Socket: unknown;
    connect(service: string): Promise<unknown>;
    open(options: { domain: string }): Promise<unknown>;
    _onElement(element: Element): void;
  }

  export interface Client extends Entity {
    readonly transports: (new () => object)[];
    _findTransport(service: string): (new () => object) | undefined;
  }

  export function client(options: {
    service: string;
    domain: string;
    resource: string;
    username: string;
    timeout: number;
    credentials: (authenticate: Authenticate, mechanisms: readonly string[]) => Promise<void>;
  }): Client;
}

declare module "@xmpp/component" {
  import type { Entity } from "@xmpp/client";

  export function component(options: { service: string; domain: string; password: string }): Entity;
}
