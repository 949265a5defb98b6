import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import { type FaultCounter, listen } from "../../link/index.ts";
import type { BridgeLinks } from "../bridge-links.ts";
import { readBody } from "../http/body.ts";
import { pathOf } from "../http/target.ts";
import type { InsideConfig } from "./config.ts";
import { readDispatchRequest } from "./dispatch-request.ts";
import { dispatch } from "./dispatching.ts";

/** What the listener for apps needs to know and to use. */
export interface InsideOptions {
  readonly config: InsideConfig;
  /** For the headers, and for the whole of a request. */
  readonly requestTimeoutMs: number;
  readonly bridges: BridgeLinks;
  readonly faults: FaultCounter;
  readonly log: Logger;
  /** Cryptographically random. */
  readonly randomBytes: (size: number) => Buffer;
}

const PATH = "/halo/dispatch";
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const BEARER = /^Bearer +(\S+)$/i;
const ID_BYTES = 16;

/** The inside of a dispatcher: apps that hold the token tell named users something, by `POST /halo/dispatch`. */
export class InsideListener {
  readonly #options: InsideOptions;
  readonly #server: Server;
  readonly #token: Buffer;
  /** Requests that are not answered. */
  readonly #open = new Set<ServerResponse>();
  #port = 0;
  #isDraining = false;
  #closed: Promise<void> | null = null;

  /** @returns null where none is configured. @throws ListenError where the port cannot be opened */
  static async start(options: InsideOptions): Promise<InsideListener | null> {
    const { host, port, token } = options.config;
    if (port === undefined || token === undefined) return null;
    const listener = new InsideListener(options, token);
    listener.#port = await listen(listener.#server, host, port);
    const { log } = options;
    listener.#server.on("error", (error) => log.error({ err: error }, "accepting a connection of an app failed"));
    log.info({ host, port: listener.#port }, "listening for apps");
    return listener;
  }

  private constructor(options: InsideOptions, token: string) {
    const { config, requestTimeoutMs } = options;
    this.#options = options;
    this.#token = digest(token);
    this.#server = createServer({ headersTimeout: requestTimeoutMs, requestTimeout: requestTimeoutMs });
    // Apps keep connections open between requests.
    this.#server.maxConnections = 2 * config.maxRequests;
    this.#server.on("request", (request: IncomingMessage, response: ServerResponse) =>
      this.#onRequest(request, response),
    );
  }

  get port(): number {
    return this.#port;
  }

  /** No new requests; those under way are answered, which takes `timeoutMs` at most. @param signal ends the waiting */
  drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    const cut = () => this.#server.closeAllConnections();
    signal.addEventListener("abort", cut, { once: true });
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
    this.#closeIfDrained();
    return this.#closed.finally(() => signal.removeEventListener("abort", cut));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { faults, log } = this.#options;
    const onBroken = (error: Error) =>
      faults.count("inside.broken", "request of an app broke off", { reason: error.message });
    request.on("error", onBroken);
    response.on("error", onBroken);
    this.#open.add(response);
    response.once("close", () => {
      this.#open.delete(response);
      this.#closeIfDrained();
    });
    try {
      this.#serve(request, response);
    } catch (error) {
      log.error({ err: error }, "serving an app failed");
      this.#answer(response, 500, { error: "the server failed" });
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { config, faults } = this.#options;
    const refuse = (status: number, error: string, headers: Readonly<Record<string, string>> = {}) => {
      faults.count("inside.refused", "request of an app refused", { status, reason: error });
      // What is left of the body is not waited for.
      this.#answer(response, status, { error }, { connection: "close", ...headers });
    };
    // Before anything else: strangers learn nothing of what is here.
    if (!this.#isTrusted(request))
      return refuse(401, "say the token: Authorization: Bearer …", { "www-authenticate": "Bearer" });
    if (pathOf(request) !== PATH) return refuse(404, `nothing is here; ${PATH} is`);
    if (request.method !== "POST") return refuse(405, "messages are dispatched by POST", { allow: "POST" });
    if (this.#isDraining) return refuse(503, "this dispatcher is stopping; ask another one");
    if (this.#open.size > config.maxRequests)
      return refuse(503, `${config.maxRequests} requests are under way, as many as there may be; try again`);
    if (!JSON_TYPE.test(request.headers["content-type"] ?? ""))
      return refuse(415, "a dispatch is sent as Content-Type: application/json");
    readBody(request, config.maxBodyBytes, {
      onBody: (bytes) => this.#dispatch(response, bytes.toString(), refuse),
      onBadBody: ({ status, text }) => refuse(status, text),
    });
  }

  /** Whoever only keeps a connection open, or has not asked yet, is not waited for. */
  #closeIfDrained(): void {
    if (this.#isDraining && this.#open.size === 0) this.#server.closeAllConnections();
  }

  #dispatch(response: ServerResponse, json: string, refuse: (status: number, error: string) => void): void {
    const { config, bridges, randomBytes, log } = this.#options;
    const request = readDispatchRequest(json, config);
    if ("status" in request) return refuse(request.status, request.text);
    if (bridges.epoch === 0) return refuse(503, "this dispatcher does not know the bridges yet; try again");
    const id = randomBytes(ID_BYTES).toString("hex");
    dispatch(request, { bridges, timeoutMs: config.timeoutMs, id }).then(
      (report) => this.#answer(response, report.faults ? 207 : 200, report),
      (error: unknown) => {
        log.error({ err: error }, "dispatching failed");
        this.#answer(response, 500, { error: "the server failed" });
      },
    );
  }

  /** Compares digests, so that neither the time nor the length tells anything of the token. */
  #isTrusted({ headers }: IncomingMessage): boolean {
    const [, token = ""] = BEARER.exec(headers.authorization ?? "") ?? [];
    return timingSafeEqual(digest(token), this.#token);
  }

  #answer(
    response: ServerResponse,
    status: number,
    value: object,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    if (response.headersSent || response.destroyed) return;
    const body = Buffer.from(`${JSON.stringify(value)}\n`);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": body.length,
      "cache-control": "no-store",
      ...(this.#isDraining ? { connection: "close" } : {}),
      ...headers,
    });
    response.end(body);
  }
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
