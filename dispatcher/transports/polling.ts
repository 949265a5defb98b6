import type { IncomingMessage, ServerResponse } from "node:http";
import { BayeuxError, parseBatch } from "../../bayeux/index.ts";
import { BatchText, type SplitBatch, splitBatch } from "../batch.ts";
import type { Timed } from "../deadlines.ts";
import { Exchange, type ExchangeOwner } from "../exchange.ts";
import { type BadBody, type BodyOwner, readBody } from "../http/body.ts";
import { makeBrowserCookie, setBrowserCookie } from "../http/browser-cookie.ts";
import { refuse } from "../http/refusal.ts";
import { contextOf, nameBrowser } from "../http/request-context.ts";
import { queryOf } from "../http/target.ts";
import type { RequestContext } from "../../link/index.ts";
import type { Tier } from "../tier.ts";
import { userOf } from "../user-routes.ts";
import { type Envelope, JSON_ARRAY, type PollingSettings } from "./polling-settings.ts";
import type { FirstConnect } from "./first-connect.ts";
import type { StreamSettings } from "./stream-settings.ts";
import { POLLING_TRANSPORTS, STREAM_TRANSPORTS } from "./table.ts";
import type { Transport } from "./transport.ts";

const COMMA = Buffer.from(",");
const NOTHING = Buffer.alloc(0);

/** Takes over the answer to a request, to go on with it. */
export type OpenStream = (settings: StreamSettings, response: ServerResponse, connect: FirstConnect) => void;

/** All polls and other requests over HTTP that are not answered yet. */
export class PollingTier {
  readonly #tier: Tier;
  readonly #openStream: OpenStream;
  readonly #open = new Set<Poll>();

  constructor(tier: Tier, openStream: OpenStream) {
    this.#tier = tier;
    this.#openStream = openStream;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Serves one request that carries messages. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const settings = settingsFor(request);
    if (!settings) {
      this.#tier.faults.count("http.badBody", "body refused", { status: 415 });
      // Node reads and drops the body, within the request's time.
      return refuse(response, 415, "Bayeux messages are sent as Content-Type: application/json, or in a form");
    }
    const poll = new Poll(this.#tier, settings, request, response, (stream, connect) => {
      this.#open.delete(poll);
      this.#openStream(stream, response, connect);
    });
    this.#open.add(poll);
    response.once("close", () => {
      this.#open.delete(poll);
      poll.onClose();
    });
    if (settings.contentType) readBody(request, this.#tier.config.maxBodyBytes, poll);
    else poll.onBody(NOTHING);
  }

  /** Answers what is held; what is under way is answered by its bridge. */
  drain(): void {
    for (const poll of this.#open) poll.recall();
  }
}

function settingsFor({ method, headers }: IncomingMessage): PollingSettings | undefined {
  const type = headers["content-type"] ?? "";
  return POLLING_TRANSPORTS.find(
    (settings) => settings.method === method && (settings.contentType === null || settings.contentType.test(type)),
  );
}

/** One HTTP request: its batch, and the one array that answers it. */
class Poll implements Transport, BodyOwner, ExchangeOwner, Timed {
  readonly #tier: Tier;
  readonly #settings: PollingSettings;
  readonly #query: string;
  readonly #response: ServerResponse;
  readonly #context: RequestContext;
  readonly #origin: string | undefined;
  /** Made for a browser that handshakes without one. */
  #cookie: string | null = null;
  readonly #goOn: (settings: StreamSettings, connect: FirstConnect) => void;
  #envelope: Envelope = JSON_ARRAY;
  /** Answers by the place of their first message. */
  readonly #answers = new Map<number, Buffer>();
  readonly #exchanges = new Map<Exchange, number>();

  /** @param goOn called instead of an answer where the browser asked for a stream */
  constructor(
    tier: Tier,
    settings: PollingSettings,
    request: IncomingMessage,
    response: ServerResponse,
    goOn: (settings: StreamSettings, connect: FirstConnect) => void,
  ) {
    this.#tier = tier;
    this.#settings = settings;
    this.#query = queryOf(request);
    this.#context = contextOf(request, settings.method === "GET" ? "get" : "post", tier.config);
    this.#origin = request.headers.origin;
    this.#response = response;
    this.#goOn = goOn;
  }

  get name(): PollingSettings["name"] {
    return this.#settings.name;
  }

  onBadBody({ status, text, isWhole }: BadBody): void {
    this.#tier.faults.count("http.badBody", "body refused", { status, reason: text });
    refuse(this.#response, status, text, isWhole ? {} : { connection: "close" });
  }

  onBody(body: Buffer): void {
    const reading = this.#settings.read(body, this.#query);
    if ("fault" in reading) return this.onBadBody({ status: 400, text: reading.fault, isWhole: true });
    this.#envelope = reading.envelope;
    const { json } = reading;
    const text = json.toString();
    let batch;
    try {
      batch = parseBatch(text, this.#tier.config);
    } catch (error) {
      if (!(error instanceof BayeuxError)) throw error;
      this.#tier.faults.count("http.badBatch", "batch refused", { reason: error.field });
      return refuse(this.#response, 400, error.field);
    }
    const split = splitBatch(batch, this.#tier.bridges.routes, false);
    const source = new BatchText(json, text);
    if (!this.#stream(split, source)) this.#forward(split, source, batch.length);
  }

  onAnswer(exchange: Exchange, messages: Buffer): void {
    const place = this.#exchanges.get(exchange);
    if (place === undefined) return;
    this.#exchanges.delete(exchange);
    if (messages.length > 0) this.#answers.set(place, messages);
    if (this.#exchanges.size === 0) this.#reply();
  }

  send(messages: Buffer): boolean {
    const response = this.#response;
    const body = this.#envelope.wrap(messages);
    response.writeHead(200, {
      ...this.#envelope.headers,
      "content-length": body.length,
      "cache-control": "no-cache, no-store",
      "x-content-type-options": "nosniff",
      ...(this.#cookie === null ? {} : { "set-cookie": setBrowserCookie(this.#cookie, this.#origin) }),
      ...(this.#tier.isDraining ? { connection: "close" } : {}),
    });
    response.end(body);
    const hasLeft = response.writableLength === 0;
    // A browser that does not read would keep its answer in our memory for ever. (Without a socket it waits its turn.)
    if (!hasLeft && response.socket) this.#tier.deadlines.add(this);
    return hasLeft;
  }

  close(): void {
    this.#response.destroy();
  }

  onDeadline(): void {
    this.#tier.faults.count("http.unread", "answer was not read in time");
    this.close();
  }

  /** Ends a held poll from our side. */
  recall(): void {
    for (const exchange of this.#exchanges.keys()) exchange.recall();
  }

  /** The browser has its answer, or has gone. */
  onClose(): void {
    this.#tier.deadlines.delete(this);
    for (const exchange of this.#exchanges.keys()) exchange.abandon();
    this.#exchanges.clear();
  }

  /** @returns true where the batch is one connect that asks for a stream, which has the response from now on */
  #stream({ groups, mayHold }: SplitBatch, source: BatchText): boolean {
    const [group] = groups;
    const [request] = group?.requests ?? [];
    if (!mayHold || this.#settings.method !== "POST" || !group || group.route === null || group.clientId === null)
      return false;
    const settings = STREAM_TRANSPORTS.find(
      ({ name, connects }) => connects === "browser" && request?.type === "connect" && name === request.connectionType,
    );
    if (!settings) return false;
    const { route, clientId, requests, indexes } = group;
    this.#goOn(settings, { route, clientId, requests, payload: source.only(indexes, 1), context: this.#context });
    return true;
  }

  #forward({ groups, replies, mayHold }: SplitBatch, source: BatchText, batchLength: number): void {
    for (const [place, reply] of replies) this.#answers.set(place, Buffer.from(reply));
    const { bridges } = this.#tier;
    const started = groups.map((group) => ({ group, exchange: new Exchange(this.#tier, this, group, mayHold) }));
    // All are known before the first starts: it may be answered at once, and must not be taken for the last.
    for (const { group, exchange } of started) this.#exchanges.set(exchange, group.indexes[0] ?? 0);
    for (const { group, exchange } of started) {
      const route = group.route ?? bridges.routeFor(this.#browser(), userOf(group.requests));
      exchange.start(route, source.only(group.indexes, batchLength), this.#context);
    }
    if (started.length === 0) this.#reply();
  }

  /** Who handshakes; one who is new gets a cookie, and is led to where the other tabs will go. */
  #browser(): string {
    if (this.#context.browser !== "") return this.#context.browser;
    this.#cookie = makeBrowserCookie(this.#tier.randomBytes);
    return nameBrowser(this.#cookie);
  }

  #reply(): void {
    const parts: Buffer[] = [];
    for (const [, answer] of [...this.#answers].toSorted(([a], [b]) => a - b)) {
      if (parts.length > 0) parts.push(COMMA);
      parts.push(answer);
    }
    this.send(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));
  }
}
