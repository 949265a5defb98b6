import type { IncomingMessage } from "node:http";
import type { AnyMessage } from "../../support/fake-bridge.ts";
import { HttpClient } from "./http.ts";
import { JSON_POST } from "./polling-wire.ts";
import type { OnBatch, Wire } from "./wire.ts";

/** What streams share: lines as they come, and a reader that can stop. */
abstract class StreamWire implements Wire {
  protected readonly client: HttpClient;
  protected readonly onBatch: OnBatch;
  #stream: IncomingMessage | null = null;
  #isPaused = false;

  constructor(port: number, onBatch: OnBatch) {
    this.client = new HttpClient(port);
    this.onBatch = onBatch;
  }

  abstract send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]>;
  abstract attach(clientId: string): Promise<void>;

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  cut(): void {
    this.client.cut();
  }

  /** Resolves at the end of the stream. */
  protected async read(response: IncomingMessage, onLine: (line: string) => void): Promise<void> {
    this.#stream = response;
    const { promise, resolve } = Promise.withResolvers<void>();
    let rest = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    response.on("error", () => undefined);
    response.once("close", () => {
      // What a cut has left of a line is no line.
      if (rest !== "" && response.complete) onLine(rest);
      resolve();
    });
    if (this.#isPaused) response.pause();
    return promise;
  }

  protected async post(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]> {
    const body = await this.client.ask(JSON_POST.ask(JSON.stringify(messages)));
    if (body === "") return [];
    const batch: AnyMessage[] = JSON.parse(body);
    this.onBatch(batch);
    return batch;
  }
}

/** `streaming`: the answer to a connect is read while it comes. */
export class StreamingWire extends StreamWire {
  async send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]> {
    const [only] = messages;
    if (messages.length > 1 || only?.channel !== "/meta/connect") return this.post(messages);
    const response = await this.client.begin(JSON_POST.ask(JSON.stringify(messages)));
    if (!response) return [];
    let last: AnyMessage[] = [];
    await this.read(response, (line) => {
      if (line.trim() === "" || this.client.isCut) return;
      last = JSON.parse(line);
      this.onBatch(last);
    });
    return last;
  }

  async attach(): Promise<void> {}
}

/** `eventsource`: a stream beside the requests, opened again whenever it ends. */
export class EventSourceWire extends StreamWire {
  send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]> {
    return this.post(messages);
  }

  async attach(clientId: string): Promise<void> {
    const response = await this.#open(clientId);
    if (response) void this.#follow(clientId, response);
  }

  async #follow(clientId: string, first: IncomingMessage): Promise<void> {
    let response: IncomingMessage | null = first;
    while (response?.statusCode === 200) {
      let retryMs = 0;
      await this.read(response, (line) => {
        if (line.startsWith("retry: ")) retryMs = Number(line.slice(7));
        if (line.startsWith("data: ") && !this.client.isCut) this.onBatch(JSON.parse(line.slice(6)));
      });
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      response = await this.#open(clientId);
    }
    // A 404 is the end of it, as it is to a browser.
    response?.resume();
  }

  #open(clientId: string): Promise<IncomingMessage | null> {
    const headers = { accept: "text/event-stream" };
    return this.client.begin({ method: "GET", path: `/bayeux/${clientId}`, headers });
  }
}
