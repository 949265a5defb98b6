import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { WebSocket } from "ws";
import type { AnyMessage } from "../support/fake-bridge.ts";

/** The connection broke before all was said. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** The client's side of a transport that may break at any time; then another is opened. */
export interface ChaosWire {
  /** @returns the replies. @throws Broken where the connection ended before they were there */
  send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]>;
  /** Whatever still comes is for nobody. */
  close(): void;
}

/** Gets every whole array that comes in. */
export type OnArray = (messages: readonly AnyMessage[]) => void;

/** How a request over HTTP is put, and how its answer is read. */
export interface HttpForm {
  ask(json: string): { readonly method: string; readonly path: string; readonly type?: string; readonly body?: string };
  /** True where each line of the answer is an array. */
  readonly isStream?: boolean;
  arrayOf?(body: string): string;
}

/** Longer than any connect is held here: a request without an answer until then has none. */
const ANSWER_MS = 12_000;
const OPEN_MS = 5_000;

const post = (json: string) => ({ method: "POST", path: "/bayeux", type: "application/json", body: json });

/** The transports that ask over HTTP. */
export const HTTP_FORMS = {
  "long-polling": { ask: post },
  streaming: { ask: post, isStream: true },
  "callback-polling": {
    ask: (json) => ({ method: "GET", path: `/bayeux?message=${encodeURIComponent(json)}&jsonp=take` }),
    arrayOf: (body) => body.slice("/**/take(".length, -");".length),
  },
  "cross-origin-long-polling": {
    ask: (json) => ({
      method: "POST",
      path: "/bayeux",
      type: "text/plain;charset=UTF-8",
      body: `message=${encodeURIComponent(json)}`,
    }),
  },
} as const satisfies Record<string, HttpForm>;

/** Requests over connections that are kept alive and used again, as browsers do. */
export class HttpChaosWire implements ChaosWire {
  readonly #port: number;
  readonly #form: HttpForm;
  readonly #onArray: OnArray;
  readonly #agent = new Agent({ keepAlive: true });
  #isClosed = false;

  constructor(port: number, form: HttpForm, onArray: OnArray) {
    this.#port = port;
    this.#form = form;
    this.#onArray = onArray;
  }

  async send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]> {
    const { ask, isStream = false, arrayOf = (body: string) => body } = this.#form;
    const { method, path, type, body } = ask(JSON.stringify(messages));
    const response = await this.begin(method, path, type === undefined ? {} : { "content-type": type }, body);
    const replies: AnyMessage[] = [];
    const take = (json: string): void => {
      const array: readonly AnyMessage[] = JSON.parse(json);
      if (this.#isClosed) return;
      this.#onArray(array);
      replies.push(...array);
    };
    if (isStream) await this.readRecords(response, "\n", (line) => line.trim() !== "" && take(line));
    else take(arrayOf(await this.#whole(response)));
    return replies;
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  /** Sends a request. @returns the head of its answer, which says 200 */
  protected async begin(method: string, path: string, headers: object, body?: string): Promise<IncomingMessage> {
    const options = { host: "127.0.0.1", port: this.#port, method, path, headers: { ...headers }, agent: this.#agent };
    const outgoing = request({ ...options, timeout: ANSWER_MS });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    outgoing.once("response", resolve);
    outgoing.once("error", (error) => reject(error instanceof Unanswered ? error : asBroken(error)));
    outgoing.once("timeout", () => outgoing.destroy(new Unanswered(`${method} ${path.slice(0, 20)} was not answered`)));
    outgoing.end(body);
    const response = await promise;
    response.on("error", () => undefined); // What came is looked at, and whether it is whole.
    if (response.statusCode === 200) return response;
    throw new Error(`answered with status ${response.statusCode}: ${await this.#whole(response)}`);
  }

  /** Hands on what ends with the separator. @throws Broken where the answer was cut off */
  protected async readRecords(response: IncomingMessage, separator: string, onRecord: (text: string) => unknown) {
    let rest = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      const records = (rest + chunk).split(separator);
      rest = records.pop() ?? "";
      for (const record of records) onRecord(record);
    });
    await ended(response);
    if (!response.complete) throw new Broken("a stream was cut off");
    if (rest !== "") onRecord(rest);
  }

  async #whole(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    await ended(response);
    if (!response.complete) throw new Broken("an answer was cut off");
    return Buffer.concat(chunks).toString();
  }
}

/** Faye's stream of events, beside requests by long-polling. */
export class EventSourceChaosWire extends HttpChaosWire {
  readonly #onArray: OnArray;
  #isOver = false;

  constructor(port: number, onArray: OnArray) {
    super(port, HTTP_FORMS["long-polling"], onArray);
    this.#onArray = onArray;
  }

  /** Reads one stream to its end. */
  async follow(clientId: string): Promise<void> {
    const response = await this.begin("GET", `/bayeux/${clientId}`, { accept: "text/event-stream" });
    await this.readRecords(response, "\n\n", (record) => {
      if (record.startsWith("data: ") && !this.#isOver) this.#onArray(JSON.parse(record.slice("data: ".length)));
    });
  }

  override close(): void {
    this.#isOver = true;
    super.close();
  }
}

/** A WebSocket, of which replies are found by their ids. */
export class SocketChaosWire implements ChaosWire {
  readonly #ws: WebSocket;
  readonly #waiting = new Map<unknown, (reply: AnyMessage) => void>();
  readonly #broken = Promise.withResolvers<never>();

  private constructor(ws: WebSocket, onArray: OnArray) {
    this.#ws = ws;
    this.#broken.promise.catch(() => undefined);
    ws.on("close", () => this.#broken.reject(new Broken("the socket was closed")));
    ws.on("message", (data: Buffer) => {
      const array: readonly AnyMessage[] = JSON.parse(data.toString());
      onArray(array);
      for (const message of array) if ("successful" in message) this.#waiting.get(message.id)?.(message);
    });
  }

  /** @param onClosed called when the other side has ended it */
  static async open(port: number, onArray: OnArray, onClosed?: () => void): Promise<SocketChaosWire> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/bayeux`, { handshakeTimeout: OPEN_MS });
    ws.on("error", () => undefined); // `close` follows.
    const wire = new SocketChaosWire(ws, onArray);
    await Promise.race([
      once(ws, "open").catch((error: unknown) => Promise.reject(asBroken(error))),
      wire.#broken.promise,
    ]);
    if (onClosed) ws.on("close", onClosed);
    return wire;
  }

  async send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]> {
    const replies = messages.map(({ id }) => {
      const { promise, resolve } = Promise.withResolvers<AnyMessage>();
      this.#waiting.set(id, resolve);
      return promise.finally(() => this.#waiting.delete(id));
    });
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(JSON.stringify(messages));
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Unanswered("a WebSocket message was not answered")), ANSWER_MS);
    try {
      return await Promise.race([Promise.all(replies), this.#broken.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#ws.removeAllListeners("message");
    this.#ws.removeAllListeners("close");
    this.#ws.terminate();
    this.#broken.reject(new Broken("closed"));
  }
}

/** Nothing broke, and still there was no answer. */
class Unanswered extends Error {
  override readonly name = "Unanswered";
}

function ended(response: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
  });
}

function asBroken(cause: unknown): Broken {
  return new Broken(cause instanceof Error ? cause.message : String(cause), { cause });
}
