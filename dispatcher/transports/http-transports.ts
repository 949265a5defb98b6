import type { IncomingMessage, ServerResponse } from "node:http";
import { routeOf } from "../../bayeux/index.ts";
import { refuse } from "../http/refusal.ts";
import { contextOf } from "../http/request-context.ts";
import { pathOf, queryOf } from "../http/target.ts";
import type { Tier } from "../tier.ts";
import type { Pace } from "./pace.ts";
import { PollingTier } from "./polling.ts";
import { StreamTier } from "./stream-server.ts";
import { STREAM_TRANSPORTS } from "./table.ts";

const HAS_MESSAGE = /(?:^|&)message=/;

/** Everything that browsers ask over HTTP: finds the transport that a request is for. */
export class HttpTransports {
  readonly #tier: Tier;
  readonly #polls: PollingTier;
  readonly #streams: StreamTier;

  constructor(tier: Tier) {
    this.#tier = tier;
    this.#streams = new StreamTier(tier);
    this.#polls = new PollingTier(tier, (...stream) => this.#streams.open(...stream));
  }

  /** Requests that are not answered, and streams. */
  get size(): number {
    return this.#polls.size + this.#streams.size;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Serves one GET or POST. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === "POST" || HAS_MESSAGE.test(queryOf(request))) this.#polls.serve(request, response);
    else this.#openStream(request, response);
  }

  /** Answers what is held at once, and ends streams at a pace. @returns when nothing is left of these */
  async drain(pace: Pace, signal: AbortSignal): Promise<void> {
    this.#polls.drain();
    await this.#streams.drain(pace, signal);
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]();
  }

  /** A GET of a session's own address. */
  #openStream(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request);
    const clientId = path.slice(path.lastIndexOf("/") + 1);
    const route = routeOf(clientId);
    const isStream = request.headers.accept?.includes("text/event-stream") ?? false;
    const settings = STREAM_TRANSPORTS.find(({ connects }) => connects === "dispatcher");
    if (!settings || (route === null && !isStream)) {
      this.#tier.faults.count("http.badGet", "request without messages refused");
      return refuse(response, 400, "Bayeux messages are sent by POST, by GET with ?message=, or over a WebSocket");
    }
    if (route === null || route > this.#tier.bridges.routes) return refuse(response, 404, "402::session_unknown");
    const connect = [{ channel: "/meta/connect", clientId, connectionType: settings.name }];
    const context = contextOf(request, "get", this.#tier.config);
    const payload = Buffer.from(JSON.stringify(connect));
    this.#streams.open(settings, response, { route, clientId, requests: [], payload, context });
  }
}
