import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** What a fake server does differently from a plain one that takes every password. */
export interface FakeServerOptions {
  /** Inside the first `<stream:features>`. */
  readonly mechanisms?: readonly string[];
  /** Offers STARTTLS first, with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** More features, as XML, after the login. */
  readonly features?: string;
  /** Sent in the clear right behind `<proceed/>`. */
  readonly behindProceed?: string;
  /** Lets nobody in before that. */
  readonly opens?: Promise<void>;
}

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const STARTTLS = "urn:ietf:params:xml:ns:xmpp-tls";

/** An XMPP server that lets in whoever comes, and then says what a test makes it say. */
export class FakeServer implements AsyncDisposable {
  /** Everything that clients sent. */
  received = "";
  connections = 0;
  readonly #options: FakeServerOptions;
  readonly #server: Server;
  #socket: Socket | null = null;

  private constructor(options: FakeServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#serve(socket, false);
    });
  }

  static async start(options: FakeServerOptions = {}): Promise<FakeServer> {
    const server = new FakeServer(options);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sends it to the newest connection. */
  write(data: string | Uint8Array): void {
    this.#socket?.write(data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket, isSecure: boolean): void {
    this.#socket = socket;
    let isLoggedIn = false;
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    const onData = (chunk: Buffer): void => {
      const text = chunk.toString();
      this.received += text;
      if (text.includes("<stream:stream")) this.#greet(isLoggedIn, isSecure);
      else if (text.includes("<starttls")) {
        socket.off("data", onData);
        socket.write(`<proceed xmlns="${STARTTLS}"/>${this.#options.behindProceed ?? ""}`);
        this.#serve(new TLSSocket(socket, { isServer: true, ...this.#options.tls }), true);
      } else if (text.includes("<auth")) {
        isLoggedIn = true;
        void Promise.resolve(this.#options.opens).then(() => socket.write(`<success xmlns="${SASL}"/>`));
      } else if (text.includes(BIND)) {
        const id = /id="([^"]*)"/.exec(text)?.[1] ?? "";
        const jid = "<jid>bridge@xmpp.test/r</jid>";
        socket.write(`<iq type="result" id="${id}"><bind xmlns="${BIND}">${jid}</bind></iq>`);
      }
    };
    socket.on("data", onData);
  }

  #greet(isLoggedIn: boolean, isSecure: boolean): void {
    const { tls, mechanisms = ["PLAIN"], features = "" } = this.#options;
    const offered = mechanisms.map((name) => `<mechanism>${name}</mechanism>`).join("");
    const inside = isLoggedIn
      ? `<bind xmlns="${BIND}"/>${features}`
      : tls !== undefined && !isSecure
        ? `<starttls xmlns="${STARTTLS}"><required/></starttls>`
        : `<mechanisms xmlns="${SASL}">${offered}</mechanisms>${features}`;
    this.write(
      `<?xml version="1.0"?><stream:stream from="xmpp.test" id="s" version="1.0" xmlns="jabber:client"` +
        ` xmlns:stream="http://etherx.jabber.org/streams"><stream:features>${inside}</stream:features>`,
    );
  }
}
