import type { AnyMessage } from "../support/fake-bridge.ts";
import { SocketClient } from "../support/socket-client.ts";
import { type Said, SOCKETS, type Speaker, type Step } from "./conversation.ts";

/** What has an answer to wait for takes longer than this only where there will be none. */
const ANSWER_MS = 5_000;
const URL_LIMIT = 8_000;

/** Holds one conversation with a dispatcher, and sees that everything in it is answered. */
export class Talk {
  /** Every clientId that a handshake's reply gave. */
  readonly clientIds: string[] = [];
  /** Every reply and error, for a look at what was reached. */
  readonly replies: AnyMessage[] = [];
  readonly #port: number;
  readonly #sockets: (Promise<Line> | null)[] = Array.from({ length: SOCKETS }, () => null);
  readonly #pending: Promise<unknown>[] = [];
  #lastId = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** @throws Error naming what was not answered, or not as it must be */
  async hold(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const answered = this.#take(step);
      this.#pending.push(answered);
      answered.catch(() => undefined); // Told at the end, with the others.
      if (step.type === "batch" && !step.isAwaited) await new Promise(setImmediate);
      else await answered;
    }
    await Promise.all(this.#pending);
    for (const line of this.#sockets) if (line) (await line).close();
  }

  /** Ends all sessions, in good order. */
  async leave(): Promise<void> {
    for (const clientId of new Set(this.clientIds)) {
      await this.#ask("json", JSON.stringify([{ channel: "/meta/disconnect", clientId, id: "bye" }]), 1, null);
    }
  }

  async #take(step: Step): Promise<void> {
    switch (step.type) {
      case "batch": {
        const json = JSON.stringify(step.messages.map((said) => this.#messageOf(said)));
        if (step.socket === null) return this.#ask(step.form, json, step.messages.length, step.abortMs);
        return (await this.#line(step.socket)).say(json, step.messages.length);
      }
      case "text":
        if (step.socket === null) return this.#ask("json", step.text, null, null);
        return (await this.#line(step.socket)).say(step.text, null);
      case "stream":
        return this.#stream(step.speaker, step.abortMs);
      case "cut": {
        const line = this.#sockets[step.socket];
        this.#sockets[step.socket] = null;
        return (await line)?.close();
      }
    }
  }

  #messageOf({ speaker, fields }: Said): object {
    return { ...fields, clientId: this.#clientIdOf(speaker), id: String(++this.#lastId) };
  }

  #clientIdOf(speaker: Speaker): unknown {
    switch (speaker.type) {
      case "session":
        return this.clientIds[speaker.index % Math.max(1, this.clientIds.length)];
      case "made up":
        return speaker.clientId;
      case "nobody":
        return undefined;
    }
  }

  #line(index: number): Promise<Line> {
    return (this.#sockets[index] ??= Line.open(this.#port, (messages) => this.#onReplies(messages)));
  }

  #onReplies(messages: readonly AnyMessage[]): void {
    for (const message of messages) {
      if (!("successful" in message)) continue;
      this.replies.push(message);
      const { channel, clientId, successful } = message;
      if (channel === "/meta/handshake" && successful === true && clientId !== undefined) this.clientIds.push(clientId);
      if (String(message["error"]).startsWith("500")) throw new Error(`the server failed: ${JSON.stringify(message)}`);
    }
  }

  /** @param count replies that must come; null where it cannot be told */
  async #ask(form: string, json: string, count: number | null, abortMs: number | null): Promise<void> {
    const url = `http://127.0.0.1:${this.#port}/bayeux`;
    const query = `?message=${encodeURIComponent(json)}`;
    const isCallback = form === "callback" && query.length < URL_LIMIT && json !== "";
    const type = form === "form" ? "text/plain;charset=UTF-8" : "application/json";
    const body = form === "form" ? `message=${encodeURIComponent(json)}` : json;
    const gone = abortMs === null ? null : AbortSignal.timeout(abortMs);
    const signal = AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(gone ? [gone] : [])]);
    const init = { method: "POST", headers: { "content-type": type }, body, signal };
    try {
      const response = await fetch(isCallback ? url + query : url, isCallback ? { signal } : init);
      const text = await response.text();
      if (response.status >= 500) throw new Error(`status ${response.status} to ${json}`);
      if (response.status !== 200) return;
      const array = isCallback ? text.slice(text.indexOf("["), text.lastIndexOf("]") + 1) : text;
      // A stream has one array a line.
      const batches = array.split("\n").filter((line) => line.trim() !== "");
      const messages = batches.flatMap((line): AnyMessage[] => JSON.parse(line));
      this.#onReplies(messages);
      const replies = messages.filter((message) => "successful" in message).length;
      if (count !== null && replies !== count) throw new Error(`${replies} replies to ${json}: ${text}`);
    } catch (error) {
      if (gone?.aborted !== true) throw new Error(`no answer to ${form} ${json}`, { cause: error });
    }
  }

  async #stream(speaker: Speaker, abortMs: number): Promise<void> {
    const clientId = encodeURIComponent(String(this.#clientIdOf(speaker)));
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(ANSWER_MS)]);
    const headers = { accept: "text/event-stream" };
    const response = await fetch(`http://127.0.0.1:${this.#port}/bayeux/${clientId}`, { headers, signal });
    if (response.status >= 500 && response.status !== 503) throw new Error(`status ${response.status} to a stream`);
    await new Promise((resolve) => setTimeout(resolve, abortMs));
    end.abort();
    await response.body?.cancel().catch(() => undefined);
  }
}

/** One WebSocket, with the count of what was said and answered on it. */
class Line {
  readonly #client: SocketClient;
  readonly #waiting = new Set<() => void>();
  #answered = 0;
  #due = 0;
  #isClosed = false;

  private constructor(client: SocketClient) {
    this.#client = client;
  }

  static async open(port: number, onReplies: (messages: readonly AnyMessage[]) => void): Promise<Line> {
    const client = await SocketClient.open(port);
    const line = new Line(client);
    client.ws.on("message", (data: Buffer) => {
      const messages: AnyMessage[] = JSON.parse(data.toString());
      line.#answered += messages.length === 0 ? 1 : messages.filter((message) => "successful" in message).length;
      onReplies(messages);
      line.#wake();
    });
    client.ws.on("close", () => line.#onClose());
    return line;
  }

  /** Resolves when as much was answered as was said until then, or the socket was closed. */
  async say(text: string, count: number | null): Promise<void> {
    if (this.#isClosed) return;
    this.#due += repliesDue(text, count);
    this.#client.ws.send(text);
    const due = this.#due;
    const deadline = AbortSignal.timeout(ANSWER_MS);
    while (this.#answered < due && !this.#isClosed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      deadline.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      if (deadline.aborted) throw new Error(`${this.#answered} of ${due} answers on a socket, the last to ${text}`);
    }
    if (this.#answered > this.#due) throw new Error(`${this.#answered} answers for ${this.#due}, the last to ${text}`);
  }

  close(): void {
    this.#onClose();
    this.#client.ws.terminate();
  }

  #onClose(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** An empty batch is answered by one; what cannot be read, by one error; anything else message by message. */
function repliesDue(text: string, count: number | null): number {
  if (count !== null) return Math.max(count, 1);
  try {
    const value: unknown = JSON.parse(text);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isReadable =
      list.length <= 1_000 && list.every((it) => typeof it === "object" && it !== null && !Array.isArray(it));
    return isReadable ? Math.max(list.length, 1) : 1;
  } catch {
    return 1; // Not JSON: one error.
  }
}
