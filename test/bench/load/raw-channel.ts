import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { XMPP_SERVICE } from "../../support/xmpp-service.ts";
import { lineOf } from "./message.ts";
import type { NetworkPlace } from "./protocol.ts";

const STEP_MS = 10_000;
/** Between two marks lies at least this much of the payload. */
const SKIP_BYTES = 50;

/** A socket in a channel that knows no more of the protocol than what gets it there: as fast as a server can be asked. */
export class RawChannel {
  readonly #socket: Socket;
  readonly #place: NetworkPlace;
  readonly #channel: string;

  private constructor(socket: Socket, place: NetworkPlace, channel: string) {
    this.#socket = socket;
    this.#place = place;
    this.#channel = channel;
  }

  /** @param channel without `#` or domain */
  static async enter(place: NetworkPlace, nick: string, channel: string): Promise<RawChannel> {
    const socket = connect({ host: place.host, port: place.port, noDelay: true });
    await once(socket, "connect", { signal: AbortSignal.timeout(STEP_MS) });
    const talk = new Talk(socket);
    const steps = place.kind === "irc" ? ircSteps(place, nick, channel) : xmppSteps(nick, channel);
    for (const [line, answer] of steps) await talk.ask(line, answer);
    talk.end();
    return new RawChannel(socket, place, channel);
  }

  /** Hands on what comes, as it comes. PING is answered by nobody: a run is shorter than a server's patience. */
  onData(listener: (bytes: Buffer) => void): void {
    this.#socket.on("data", listener);
  }

  onEnd(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  /** In one write. @param first number of the first message */
  say(first: number, count: number): void {
    let bytes = "";
    for (let number = first; number < first + count; number++) bytes += this.#message(lineOf(number), number);
    this.#socket.write(bytes);
  }

  /** On IRC, what makes a server with Nagle's algorithm go on: our network does the same. */
  acknowledge(): void {
    if (this.#place.kind === "irc") this.#socket.write("PONG :heard\r\n");
  }

  #message(text: string, id: number): string {
    if (this.#place.kind === "irc") return `PRIVMSG #${this.#channel} :${text}\r\n`;
    return `<message type='groupchat' to='${roomOf(this.#channel)}' id='m${id}'><body>${text}</body></message>`;
  }
}

/** Counts the messages of `lineOf` in a stream of bytes, wherever it is cut. */
export class MarkCounter {
  readonly #mark: Buffer;
  #rest: Buffer = Buffer.alloc(0);

  /** @param before what stands right before the text of such a message */
  constructor(before: string) {
    this.#mark = Buffer.from(before);
  }

  count(chunk: Buffer): number {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let count = 0;
    let end = 0;
    for (let at = bytes.indexOf(this.#mark); at >= 0; at = bytes.indexOf(this.#mark, end)) {
      count++;
      end = Math.min(bytes.length, at + SKIP_BYTES);
    }
    this.#rest = bytes.subarray(Math.max(end, bytes.length - this.#mark.length + 1));
    return count;
  }
}

/** What stands before a message's text. */
export function markOf({ kind }: NetworkPlace): string {
  return kind === "irc" ? " :#" : "<body>#";
}

type Step = readonly [line: string, answer: RegExp];

function ircSteps({ capabilities = [] }: NetworkPlace, nick: string, channel: string): Step[] {
  const caps: Step[] = capabilities.length === 0 ? [] : [[`CAP REQ :${capabilities.join(" ")}\r\n`, / CAP \S+ ACK /]];
  const end = capabilities.length === 0 ? "" : "CAP END\r\n";
  return [
    ...caps,
    [`NICK ${nick}\r\nUSER ${nick} 0 * :${nick}\r\n${end}`, / (376|422) /],
    [`JOIN #${channel}\r\n`, / 366 /],
  ];
}

function xmppSteps(nick: string, channel: string): Step[] {
  const { user, password } = XMPP_SERVICE.account;
  const stream =
    `<?xml version='1.0'?><stream:stream to='${XMPP_SERVICE.domain}' version='1.0' xmlns='jabber:client'` +
    ` xmlns:stream='http://etherx.jabber.org/streams'>`;
  const secret = Buffer.from(`\0${user}\0${password}`).toString("base64");
  const muc = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>";
  return [
    [stream, /<\/stream:features>/],
    [`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`, /<success/],
    [stream, /<\/stream:features>/],
    ["<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", /<jid>/],
    [`<presence to='${roomOf(channel)}/${nick}'>${muc}</presence>`, /code=['"]110['"]/],
  ];
}

function roomOf(channel: string): string {
  return `${channel}@${XMPP_SERVICE.mucDomain}`;
}

/** Says things, and waits for what answers them. */
class Talk {
  readonly #socket: Socket;
  readonly #onData: (bytes: Buffer) => void;
  #heard = "";
  #check: (() => void) | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#onData = (bytes) => {
      this.#heard += bytes.toString("latin1");
      // ngIRCd asks this of newcomers who negotiate.
      const ping = /^PING (.*)\r$/m.exec(this.#heard)?.[1];
      if (ping !== undefined) {
        this.#heard = this.#heard.replace(/^PING .*\r$/m, "");
        socket.write(`PONG ${ping}\r\n`);
      }
      this.#check?.();
    };
    socket.on("data", this.#onData);
  }

  async ask(line: string, answer: RegExp): Promise<void> {
    this.#heard = "";
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`no ${String(answer)} after ${line}: ${this.#heard}`)), STEP_MS);
    this.#check = () => {
      if (answer.test(this.#heard)) resolve();
    };
    this.#socket.write(line);
    await promise.finally(() => clearTimeout(timer));
  }

  end(): void {
    this.#socket.off("data", this.#onData);
  }
}
