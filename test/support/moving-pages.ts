import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { CometdClient, type CometdOptions } from "./cometd-client.ts";

/** How a page is connected. */
export type PageKind =
  "cometd websocket" | "cometd long-polling" | "faye websocket" | "faye long-polling" | "eventsource";

/** A page that listens to one channel in which somebody counts, and remembers what would tell that its session moved. */
export interface MovingPage extends AsyncDisposable {
  readonly kind: PageKind;
  readonly channel: string;
  /** The numbers as they came; a gap notice is NaN. */
  readonly heard: number[];
  /** When each came, in milliseconds. */
  readonly heardMs: number[];
  /** Handshakes, connections that were lost, and whatever else failed. */
  readonly handshakes: () => number;
  readonly failures: string[];
  readonly clientId: () => string;
}

/** Opens a page and subscribes it. @param isAck for cometd.js; the others know no acknowledgements */
export async function openPage(kind: PageKind, url: string, channel: string, isAck: boolean): Promise<MovingPage> {
  switch (kind) {
    case "cometd websocket":
      return openCometd(kind, url, channel, { transport: "websocket", isAck });
    case "cometd long-polling":
      return openCometd(kind, url, channel, { transport: "long-polling", isAck });
    case "faye websocket":
    case "faye long-polling":
      return openFaye(kind, url, channel);
    case "eventsource":
      return openEventSource(url, channel);
  }
}

/** What of faye's client is used here. */
interface FayeClient {
  disable(type: string): void;
  on(event: string, listener: () => void): void;
  addExtension(extension: { incoming(message: FayeMessage, done: (message: FayeMessage) => void): void }): void;
  subscribe(channel: string, onMessage: (data: unknown) => void): PromiseLike<unknown>;
  disconnect(): PromiseLike<unknown>;
}
interface FayeMessage {
  readonly channel: string;
  readonly clientId?: string;
  readonly successful?: boolean;
  readonly error?: string;
}
interface Faye {
  readonly Client: new (url: string, options: { retry: number; timeout: number }) => FayeClient;
}

function isFaye(value: unknown): value is Faye {
  return typeof value === "object" && value !== null && "Client" in value;
}

/** Keeps numbers and times. */
class Hearing {
  readonly heard: number[] = [];
  readonly heardMs: number[] = [];
  readonly failures: string[] = [];

  readonly take = (data: unknown): void => {
    this.heard.push(typeof data === "object" && data !== null && "text" in data ? Number(data.text) : Number.NaN);
    this.heardMs.push(performance.now());
  };
}

async function openCometd(kind: PageKind, url: string, channel: string, options: CometdOptions): Promise<MovingPage> {
  const client = await CometdClient.open(url, options);
  const { heard, heardMs, failures, take } = new Hearing();
  await client.listen(channel, ({ data }) => take(data));
  return {
    ...{ kind, channel, heard, heardMs },
    handshakes: () => client.handshakes.length,
    get failures() {
      return [...failures, ...client.failures.map((message) => JSON.stringify(message))];
    },
    clientId: () => client.clientId ?? "",
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

async function openFaye(
  kind: "faye websocket" | "faye long-polling",
  url: string,
  channel: string,
): Promise<MovingPage> {
  const faye: unknown = createRequire(import.meta.url)("faye");
  if (!isFaye(faye)) throw new TypeError("this is not faye");
  const client = new faye.Client(`${url}/bayeux`, { retry: 1, timeout: 60 });
  client.disable("eventsource");
  if (kind === "faye long-polling") client.disable("websocket");
  const { heard, heardMs, failures, take } = new Hearing();
  let handshakes = 0;
  let clientId = "";
  client.addExtension({
    incoming: (message, done) => {
      if (message.channel === "/meta/handshake") handshakes += 1;
      if (message.clientId !== undefined) clientId = message.clientId;
      if (message.successful === false) failures.push(JSON.stringify(message));
      done(message);
    },
  });
  client.on("transport:down", () => failures.push("transport:down"));
  await client.subscribe(channel, take);
  return {
    ...{ kind, channel, heard, heardMs, failures },
    handshakes: () => handshakes,
    clientId: () => clientId,
    [Symbol.asyncDispose]: async () => {
      // No answer is needed: the server may be gone by now.
      await Promise.race([client.disconnect(), new Promise((resolve) => setTimeout(resolve, 500))]);
    },
  };
}

async function openEventSource(url: string, channel: string): Promise<MovingPage> {
  const post = async (message: object): Promise<{ clientId?: string; successful?: boolean }> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/bayeux`, { method: "POST", headers, body: JSON.stringify([message]) });
    const [reply] = (await response.json()) as { clientId?: string; successful?: boolean }[];
    if (reply?.successful !== true) throw new Error(`refused: ${JSON.stringify(reply)}`);
    return reply;
  };
  const offered = { version: "1.0", supportedConnectionTypes: ["eventsource"] };
  const { clientId = "" } = await post({ channel: "/meta/handshake", ...offered });
  await post({ channel: "/meta/subscribe", clientId, subscription: channel });
  const { heard, heardMs, failures, take } = new Hearing();
  const headers = { accept: "text/event-stream" };
  const request = httpRequest(`${url}/bayeux/${clientId}`, { headers, agent: false });
  request.end();
  const response: IncomingMessage = (await once(request, "response"))[0];
  if (response.statusCode !== 200) failures.push(`status ${response.statusCode}`);
  let isOver = false;
  response.on("error", (error) => {
    if (!isOver) failures.push(error.message);
  });
  response.once("close", () => {
    if (!isOver) failures.push("the stream ended");
  });
  const reader = createInterface({ input: response });
  // The response's error once more, which is heard above.
  reader.on("error", () => undefined);
  reader.on("line", (line) => {
    if (!line.startsWith("data: ")) return;
    for (const message of JSON.parse(line.slice(6)) as { channel: string; data?: unknown }[])
      if (message.channel === channel) take(message.data);
  });
  return {
    ...{ kind: "eventsource", channel, heard, heardMs, failures },
    handshakes: () => 1,
    clientId: () => clientId,
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      request.destroy();
    },
  };
}
