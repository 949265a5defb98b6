import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** Where a request may be sent. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * A balancer without affinity: every HTTP request goes to the next target, also on one kept-alive connection, and so
 * does every WebSocket. It never sends a request twice: a target that is away is answered for with 502.
 */
export class AlternatingProxy implements AsyncDisposable {
  /** How many requests and WebSockets each target got, in the order of the targets. */
  readonly counts: number[];
  /** Answers what is not below `/bayeux`, as a balancer that serves files of its own does. */
  pages: RequestListener | null = null;
  readonly #targets: readonly ProxyTarget[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next = 0;

  private constructor(targets: readonly ProxyTarget[]) {
    this.#targets = targets;
    this.counts = targets.map(() => 0);
    this.#server = createServer((incoming, response) => {
      if (this.pages && !incoming.url?.startsWith("/bayeux")) this.pages(incoming, response);
      else this.#forward(incoming, response);
    });
    this.#server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#tunnel(incoming, socket, head);
    });
    this.#server.on("connection", (socket) => this.#watch(socket));
  }

  static async start(...targets: readonly ProxyTarget[]): Promise<AlternatingProxy> {
    const proxy = new AlternatingProxy(targets);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo; // Listening on TCP since `start`.
    return port;
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Cuts every connection, in the middle of whatever it carries; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  #take(): ProxyTarget {
    const index = this.#next;
    const target = this.#targets[index];
    if (target === undefined) throw new Error("a proxy needs at least one target");
    this.#next = (index + 1) % this.#targets.length;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    return target;
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { host, port } = this.#take();
    const { method, url, rawHeaders } = incoming;
    const outgoing = request({ host, port, method, path: url, headers: rawHeaders, agent: false });
    outgoing.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.rawHeaders));
      answer.pipe(response);
      answer.once("error", () => response.destroy());
    });
    outgoing.once("error", () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.once("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  #tunnel(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    const upstream = connect(this.#take());
    this.#watch(upstream);
    upstream.once("connect", () => {
      const { method, url, rawHeaders } = incoming;
      const lines = [`${method ?? "GET"} ${url ?? "/"} HTTP/1.1`];
      for (let at = 0; at < rawHeaders.length; at += 2)
        lines.push(`${rawHeaders[at] ?? ""}: ${rawHeaders[at + 1] ?? ""}`);
      upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.once("close", () => socket.destroy());
    socket.once("close", () => upstream.destroy());
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy()); // The other side sees the close.
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

function withoutHopByHop(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!/^(connection|keep-alive|transfer-encoding)$/i.test(name)) kept.push(name, value);
  }
  return kept;
}
