import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** One client of the fake server. */
export interface FakeClient {
  readonly socket: Socket;
  nick: string;
  send(line: string): void;
}

/** What a test may decide itself: return true, and the fake server does nothing with the line. */
export type Script = (client: FakeClient, command: string, line: string) => boolean | undefined;

/** An IRC server that does what real ones do not do on demand. It knows one user per connection, and no rules. */
export class FakeIrcd implements AsyncDisposable {
  readonly clients = new Set<FakeClient>();
  /** Lines received, each after the nick of who sent it. */
  readonly lines: string[] = [];
  script: Script = () => false;
  /** More of what it tells newcomers (005). */
  supported = "";
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#onSocket(socket));
  }

  static async start(): Promise<FakeIrcd> {
    const ircd = new FakeIrcd();
    await new Promise<void>((resolve) => ircd.#server.listen(0, "127.0.0.1", resolve));
    return ircd;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  client(nick: string): FakeClient {
    const found = [...this.clients].find((client) => client.nick === nick);
    if (found === undefined) throw new Error(`nobody is ${nick}`);
    return found;
  }

  /** Shows a line of a nick to the receiving connections. */
  show(from: string, command: string, tags = ""): void {
    for (const client of this.clients) {
      if (/^\D+\d+(?:r\d+)?_*$/.test(client.nick)) client.send(`${tags}:${from}!u@h ${command}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.clients) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onSocket(socket: Socket): void {
    const client: FakeClient = { socket, nick: "*", send: (line) => socket.write(`${line}\r\n`) };
    this.clients.add(client);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.clients.delete(client));
    const lines = createInterface({ input: socket, crlfDelay: Infinity });
    // It passes on the errors of its socket.
    lines.on("line", (line) => this.#onLine(client, line)).on("error", () => undefined);
  }

  #onLine(client: FakeClient, line: string): void {
    const [command = "", first = ""] = line.replace(/^@\S+ /, "").split(" ");
    this.lines.push(`${client.nick} ${line}`);
    if (this.script(client, command, line) === true) return;
    if (command === "NICK") {
      client.nick = first;
    } else if (command === "USER") {
      client.send(`:srv 001 ${client.nick} :Welcome`);
      client.send(`:srv 005 ${client.nick} CHANNELLEN=32 NICKLEN=30 PREFIX=(ov)@+ ${this.supported} :are supported`);
    } else if (command === "PING") {
      client.send(`:srv PONG srv ${line.slice(5)}`);
    } else if (command === "JOIN") {
      client.send(`:${client.nick}!u@h JOIN ${first}`);
      client.send(`:srv 353 ${client.nick} = ${first} :@ann ${client.nick}`);
      client.send(`:srv 366 ${client.nick} ${first} :End of names`);
    } else if (command === "PART") {
      client.send(`:${client.nick}!u@h PART ${first}`);
    } else if (command === "PRIVMSG") {
      this.show(client.nick, line);
    }
  }
}
