import { client, type Element, type Entity } from "@xmpp/client";
import { component } from "@xmpp/component";
import type { Account } from "./config.ts";
import { answerChallenge, unsalted, type SaltedPassword } from "./scram.ts";
import type { XmppSocket } from "./socket.ts";

/** What a stream is made of. */
export interface EntityOptions {
  readonly account: Account;
  readonly resource: string;
  readonly socket: XmppSocket;
  readonly timeoutMs: number;
  /** SASL PLAIN on a connection that is not encrypted. */
  readonly allowPlainWithoutTls: boolean;
  /** Every stanza from the moment when `start` has resolved. */
  readonly onStanza: (stanza: Element) => void;
  /** The library's words about what went wrong; the last ones before the socket closes tell why. */
  readonly onError: (error: Error) => void;
}

/** What a library's stream looks like with everything that needs mending mended. */
export interface FixedEntity {
  /** Resolves when logged in, with our full address. */
  start(): Promise<string>;
  /** After the socket's close: lets go of what the library still waits for. */
  abandon(reason: string): void;
}

const STREAMS = "http://etherx.jabber.org/streams";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
/** The library wants a URL to choose a transport by; our socket knows where it leads. */
const SERVICE = "xmpp://localhost:5222";

/**
 * Makes a stream of @xmpp/client 0.14, or @xmpp/component 0.13, without these faults of theirs:
 *
 * 1. Characters that are split over two TCP segments arrive broken (`data.toString("utf8")` per chunk, also in
 *    https://github.com/xmppjs/xmpp.js/blob/main/packages/connection/index.js): XmppSocket decodes.
 * 2. STARTTLS takes no certificate authority, and is skipped when the server does not offer it
 *    (https://github.com/xmppjs/xmpp.js/blob/main/packages/starttls/starttls.js): XmppSocket encrypts.
 * 3. An `error` without a listener ends the process; what the parser throws does as well
 *    (https://github.com/xmppjs/xmpp.js/tree/main/packages/client#error): a listener; XmppSocket catches.
 * 4. It reconnects after one second, for ever and everybody at once
 *    (https://github.com/xmppjs/xmpp.js/tree/main/packages/reconnect): switched off.
 * 5. Stream management keeps what is sent in a queue that does not drain under steady load, and `online` is not told after a
 *    resumption (https://github.com/xmppjs/xmpp.js/tree/main/packages/stream-management): never offered to it.
 * 6. On an unencrypted connection it never uses PLAIN, and then fails without a mechanism's name
 *    (https://github.com/xmppjs/xmpp.js/blob/main/packages/client/lib/createOnAuthenticate.js): we choose.
 * 7. Every stanza goes through a dozen asynchronous middlewares: ours are handed over before that.
 * 8. A stream error makes it wait for the server's goodbye, and `see-other-host` makes it connect anywhere, unasked
 *    (https://github.com/xmppjs/xmpp.js/blob/main/packages/connection/index.js): it is the end of the socket.
 * 9. `start` leaves a rejected promise behind when the connection breaks at the wrong moment, which ends the process
 *    (https://github.com/xmppjs/xmpp.js/blob/main/packages/connection/index.js): its two steps are taken here.
 * 10. A login by SCRAM takes the better part of a second, as each of thousands of rounds is a turn of its own
 *    (https://github.com/mwild1/js-sasl-scram-sha-1/blob/master/lib/bitops.js): Node computes it, in some milliseconds.
 */
export function makeEntity(options: EntityOptions): FixedEntity {
  const { account, socket, onStanza, onError } = options;
  const salted = unsalted();
  const entity = account.type === "user" ? makeClient(account, salted, options) : makeComponent(account);
  let isOnline = false;
  entity.timeout = options.timeoutMs;
  entity.reconnect.stop(); // 4
  entity.on("error", onError); // 3
  const handle = entity._onElement.bind(entity);
  entity._onElement = (element) => {
    socket.onElement();
    if (isOnline && isStanza(element)) return onStanza(element); // 7
    if (element.is("error", STREAMS)) return onStreamError(element, options); // 8
    if (element.is("features", STREAMS)) keepNeeded(element); // 5
    if (account.type !== "user" || !element.is("challenge", SASL)) return handle(element);
    // 10. The server waits for the answer, so nothing overtakes it.
    answerChallenge(element.getText(), account.password, salted).then(
      () => handle(element),
      (error: unknown) => {
        onError(error instanceof Error ? error : new Error(String(error)));
        socket.destroy();
      },
    );
  };
  makeSocketsFrom(entity, socket);
  // The library fires it in the turn in which the server's last word arrives: no stanza comes between.
  entity.once("online", () => (isOnline = true));
  return {
    async start() {
      // 9
      const online = new Promise((resolve, reject) => entity.once("online", resolve).once("error", reject));
      online.catch(() => undefined);
      await entity.connect(SERVICE);
      await entity.open({ domain: account.type === "user" ? account.domain : account.component });
      await online;
      return entity.jid?.toString() ?? "";
    },
    abandon(reason) {
      const error = new Error(reason);
      entity.off("error", onError);
      entity.on("error", () => undefined);
      // Both clear a timer that would hold up the end of the process.
      for (const waiting of entity.iqCaller.handlers.values()) waiting.reject(error);
      entity.emit("error", error);
    },
  };
}

function makeClient(
  account: Extract<Account, { type: "user" }>,
  salted: SaltedPassword,
  options: EntityOptions,
): Entity {
  const { username, password, domain } = account;
  return client({
    service: SERVICE,
    domain,
    resource: options.resource,
    username,
    timeout: options.timeoutMs,
    credentials: async (authenticate, mechanisms) => {
      // 6
      const mayBePlain = options.socket.secure || options.allowPlainWithoutTls;
      const chosen = mechanisms.find((name) => name === "SCRAM-SHA-1" || (name === "PLAIN" && mayBePlain));
      if (chosen === undefined) {
        const offered = mechanisms.join(", ");
        throw new Error(
          offered === "PLAIN"
            ? "the server only takes the password in the clear: set tls, or allowPlainWithoutTls"
            : `the server and we have no way to log in in common; it offers ${offered}`,
        );
      }
      await authenticate({ username, password, ...salted }, chosen);
    },
  });
}

function makeComponent(account: Extract<Account, { type: "component" }>): Entity {
  return component({ service: SERVICE, domain: account.component, password: account.secret });
}

/** 1, 2 */
function makeSocketsFrom(entity: Entity, socket: XmppSocket): void {
  const Socket = function (): XmppSocket {
    return socket;
  };
  entity.Socket = Socket;
  if (!("_findTransport" in entity) || typeof entity._findTransport !== "function") return;
  // A client asks one of its transports for the class of its socket.
  const Tcp: unknown = entity._findTransport(SERVICE);
  if (typeof Tcp !== "function") throw new Error("@xmpp/client has no TCP transport");
  const Transport = class extends (Tcp as new () => object) {};
  Object.assign(Transport.prototype, { Socket });
  entity._findTransport = () => Transport;
}

function keepNeeded(features: Element): void {
  const needed = features.getChildElements().filter((child) => [SASL, BIND].includes(child.getNS() ?? ""));
  features.children.splice(0, features.children.length, ...needed);
}

/** RFC 6120 §4.9.1.1: stream errors are unrecoverable. */
function onStreamError(element: Element, { socket, onError }: EntityOptions): void {
  const [condition] = element.getChildElements();
  const text = element.getChildText("text") ?? "";
  onError(new Error(`${text === "" ? "stream error" : text} (${condition?.name ?? "undefined-condition"})`));
  socket.destroy();
}

function isStanza({ name }: Element): boolean {
  return name === "message" || name === "presence" || name === "iq";
}
