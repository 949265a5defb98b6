import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type Server, type Socket, connect, createServer } from "node:net";
import { type Logger, pino } from "pino";
import { encode } from "../../link/codec.ts";
import { type LinkConfig, linkSchema } from "../../link/config.ts";
import { FaultCounter } from "../../link/faults.ts";
import { FrameDecoder } from "../../link/frame-decoder.ts";
import { ClientHello } from "../../link/hello.ts";
import {
  type Frame,
  type Link,
  LinkClient,
  type LinkClientOptions,
  type LinkOwner,
  LinkServer,
  type LinkServerOptions,
  type Peer,
} from "../../link/index.ts";
import type { WireFrame } from "../../link/wire.ts";
import { keep } from "../unit/link/frame-arbitrary.ts";

export const SECRET = "a secret of the test";
export const bridge: Peer = { role: "bridge", name: "b1", instance: "bi", routes: 1_024, node: 1, nodes: 1 };
export const dispatcher: Peer = { role: "dispatcher", name: "d1", instance: "di", routes: 1_024, node: 0, nodes: 1 };

/** Tells in which order the callbacks came. */
export class RecordingOwner implements LinkOwner {
  readonly events: string[] = [];
  readonly links: Link[] = [];
  readonly frames: Frame[] = [];
  drains = 0;

  onUp(link: Link): void {
    this.links.push(link);
    this.events.push(`up ${link.peer.name}`);
  }

  onFrame(_: Link, frame: Frame): void {
    this.frames.push(keep(frame));
  }

  onDrain(): void {
    this.drains++;
  }

  onDown(link: Link, reason: string): void {
    this.events.push(`down ${link.peer.name}: ${reason}`);
  }

  /** The newest link. */
  get link(): Link {
    const link = this.links.at(-1);
    if (!link) throw new Error("no link has come up");
    return link;
  }
}

/** What was logged, as objects. */
export function recordLog(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "debug", base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

export function configOf(changes: Partial<LinkConfig> = {}): LinkConfig {
  return linkSchema.parse(changes);
}

const silent = pino({ level: "silent" });

export async function listen(owner: LinkOwner, changes: Partial<LinkServerOptions> = {}): Promise<LinkServer> {
  return LinkServer.listen({
    host: "127.0.0.1",
    port: 0,
    peer: bridge,
    secret: SECRET,
    owner,
    log: silent,
    faults: new FaultCounter(silent, () => performance.now()),
    config: configOf(),
    randomBytes,
    ...changes,
  });
}

/** A client that waits as short as the back-off allows. */
export function client(port: number, owner: LinkOwner, changes: Partial<LinkClientOptions> = {}): LinkClient {
  return new LinkClient({
    host: "127.0.0.1",
    port,
    peer: dispatcher,
    secret: SECRET,
    owner,
    log: silent,
    faults: new FaultCounter(silent, () => performance.now()),
    config: configOf(),
    randomBytes,
    random: () => 0.01,
    ...changes,
  });
}

/** A dispatcher made of a bare socket: after the hello it does only what a test tells it. */
export class RawDispatcher {
  readonly socket: Socket;
  readonly frames: WireFrame[] = [];
  readonly chunks: Buffer[] = [];
  readonly #decoder = new FrameDecoder("bridge", 2 ** 30);
  readonly #hello: ClientHello;

  private constructor(port: number, peer: Peer, changes: { maxFrameBytes?: number }) {
    const { maxFrameBytes } = configOf(changes);
    this.#hello = new ClientHello({ peer, secret: SECRET, maxFrameBytes, randomBytes });
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => undefined);
  }

  /** Resolves when the hello is over. */
  static async connect(
    port: number,
    peer = dispatcher,
    changes: { maxFrameBytes?: number } = {},
  ): Promise<RawDispatcher> {
    const raw = new RawDispatcher(port, peer, changes);
    const isWelcome = new Promise<void>((resolve, reject) => {
      raw.socket.once("close", () => reject(new Error("closed during the hello")));
      raw.socket.on("data", (chunk: Buffer) => {
        raw.chunks.push(chunk);
        raw.#decoder.push(chunk, (frame) => {
          if (frame.type === "challenge" || frame.type === "welcome") {
            const step = raw.#hello.receive(frame);
            if (step.send) raw.send(step.send);
            if (step.peer) resolve();
          } else {
            raw.frames.push(keep(frame));
          }
        });
      });
    });
    await isWelcome;
    return raw;
  }

  send(frame: WireFrame): void {
    this.socket.write(encode(frame));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A server of bare sockets, e.g. one that never says a word. */
export async function listenRaw(onSocket: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
