import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from "node:http";
import type { Duplex } from "node:stream";
import type { FaultCounter } from "../../link/index.ts";
import { refuse, refuseSocket } from "./refusal.ts";
import { type Iteration, ITERATION_PATH, serveIteration } from "./iteration.ts";
import { answerPreflight, shareWith } from "./cors.ts";
import { judge, type Verdict } from "./origin.ts";
import { pathOf } from "./target.ts";
import type { DispatcherConfig } from "../config.ts";

const ENDPOINT = "/bayeux";
/** How often Node looks for requests that take too long. */
const CHECK_INTERVAL_MS = 2_000;

/** What `/health` says. */
export interface Health {
  readonly status: "ok" | "starting" | "draining";
  readonly bridges: { readonly up: number; readonly of: number };
}

/** Where the requests go. */
export interface HttpServerOptions {
  readonly config: DispatcherConfig;
  readonly faults: FaultCounter;
  onBayeux(request: IncomingMessage, response: ServerResponse): void;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  health(): Health;
  iteration(): Iteration;
  /** Everything that is not ours: the web pages. */
  readonly fallback: RequestListener;
  /** A fault of ours, met while a request was served. */
  onError(error: unknown): void;
}

/** Makes the HTTP server of the dispatcher; it does not listen yet. */
export function makeHttpServer(options: HttpServerOptions): Server {
  const { config, faults } = options;
  const server = createServer({
    maxHeaderSize: config.maxHeaderBytes,
    headersTimeout: Math.min(config.headersTimeoutMs, config.requestTimeoutMs),
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: config.keepAliveTimeoutMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    // Other protocols that are offered (HTTP/2, by curl for one) are not taken up; the request is served as it is.
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
  });
  server.maxConnections = config.maxConnections;
  const unanswered = new WeakMap<Duplex, number>();

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const before = unanswered.get(socket) ?? 0;
    // Pipelining: Node hands out every request at once, and would hold any number of polls for one connection.
    if (before >= config.maxRequestsPerConnection) {
      faults.count("http.pipelined", "too many requests on one connection");
      socket.destroy();
      return;
    }
    unanswered.set(socket, before + 1);
    response.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    // The browser may go at any time; `close` tells.
    request.on("error", (error) => faults.count("http.request", "request broke off", { reason: error.message }));
    response.on("error", (error) => faults.count("http.response", "response broke off", { reason: error.message }));
    try {
      route(options, request, response);
    } catch (error) {
      options.onError(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, "The server failed");
    }
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isEndpoint(pathOf(request))) return refuseSocket(socket, 404, "Nothing is here");
    if (!judgeOrigin(request, options).isAllowed) return refuseSocket(socket, 403, "This origin is not allowed");
    if (options.health().status === "draining") return refuseSocket(socket, 503, "This server is stopping");
    options.onUpgrade(request, socket, head);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    faults.count("http.clientError", "bad HTTP refused", { reason: error.code ?? error.message });
    if (error.code === "HPE_HEADER_OVERFLOW") return refuseSocket(socket, 431, "The headers are too long");
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return refuseSocket(socket, 408, "The request took too long");
    refuseSocket(socket, 400, "This is not HTTP/1.1 as it should be");
  });
  server.on("drop", () => faults.count("http.tooManyConnections", "connection refused, there are too many"));
  return server;
}

function route(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const path = pathOf(request);
  if (isEndpoint(path)) return serveBayeux(options, request, response);
  if (path === ITERATION_PATH) return serveShared(options, request, response);
  if (path === "/health") return serveHealth(options.health(), request, response);
  options.fallback(request, response);
}

function serveBayeux(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const { isAllowed, echo } = judgeOrigin(request, options);
  shareWith(response, isAllowed ? echo : null);
  if (!isAllowed) return refuse(response, 403, "This origin is not allowed");
  if (request.method === "OPTIONS") return answerPreflight(request, response);
  if (request.method !== "POST" && request.method !== "GET") {
    return refuse(response, 405, "Bayeux messages are sent by POST or GET, or over a WebSocket", {
      allow: "GET, POST, OPTIONS",
    });
  }
  options.onBayeux(request, response);
}

/** What pages of listed origins may read as well. */
function serveShared(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const { isAllowed, echo } = judgeOrigin(request, options);
  shareWith(response, isAllowed ? echo : null);
  if (!isAllowed) return refuse(response, 403, "This origin is not allowed");
  if (request.method === "OPTIONS") return answerPreflight(request, response);
  serveIteration(options.iteration(), request, response);
}

function serveHealth(health: Health, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(response, 405, "The health is asked for by GET", { allow: "GET, HEAD" });
  }
  response.writeHead(health.status === "ok" ? 200 : 503, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...(health.status === "draining" ? { connection: "close" } : {}),
  });
  response.end(JSON.stringify(health));
}

function judgeOrigin(request: IncomingMessage, { config, faults }: HttpServerOptions): Verdict {
  const verdict = judge(request.headers, config.allowedOrigins);
  const { isAllowed, from } = verdict;
  if (!isAllowed) faults.count("http.origin", "foreign origin refused", { origin: from, host: request.headers.host });
  return verdict;
}

function isEndpoint(path: string): boolean {
  return path === ENDPOINT || path.startsWith(`${ENDPOINT}/`);
}
