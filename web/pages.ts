import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import sirv, { type Options as SirvOptions } from "sirv";

/** How the pages are served. */
export interface PagesOptions {
  /** Files are looked up at every request, so that an edit shows on reload. */
  readonly isDevelopment?: boolean;
  /** Where people reach the IRC network, `host:port`, for the page to tell. */
  readonly ircAddress?: string | undefined;
  /** For the page of the stack; without them it is grey. */
  readonly paints?: Paints;
}

/** What bridges are painted with, each by its number. */
export interface Paints {
  /** `fill` is an SVG paint, and `ink` a colour that can be read on it. */
  readonly paints: readonly { readonly fill: string; readonly ink: string }[];
  /** SVG: what the fills refer to. */
  readonly definitions: string;
}

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const PUBLIC_FOLDER = fileURLToPath(new URL("./public", import.meta.url));
/** The folder of the package that the pages import as `/cometd/…`. */
const COMETD_FOLDER = dirname(fileURLToPath(import.meta.resolve("cometd/package.json")));
const COMETD_MODULE = /^\/cometd(\/\w+\.js)(?:\?|$)/;
const NETWORK = /^\/network\.json(?:\?|$)/;
const PAINTS = /^\/halo\/paints\.json(?:\?|$)/;
const HOST = /^[\w.-]+(?::\d{1,5})?$|^\[[\da-f:.]+\](?::\d{1,5})?$/i;

/**
 * Serves the chat page, the page of the stack under `/halo`, and the stock `cometd` modules under `/cometd/`; everything else goes to `next`.
 *
 * @returns a handler of `node:http`; it answers GET and HEAD only
 */
export function pages(options: PagesOptions = {}): Handler {
  const settings: SirvOptions = { dev: options.isDevelopment ?? false, etag: true, setHeaders };
  const ours = sirv(PUBLIC_FOLDER, settings);
  const cometd = sirv(COMETD_FOLDER, settings);

  return (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") return next();
    const url = request.url ?? "/";
    if (NETWORK.test(url)) return tell(request, response, { irc: options.ircAddress ?? null });
    if (PAINTS.test(url)) return tell(request, response, options.paints ?? { paints: [], definitions: "" });
    const cometdModule = COMETD_MODULE.exec(url)?.[1];
    const { range } = request.headers;
    // sirv throws on a range that ends before it starts; our files are small, so whole files only.
    delete request.headers.range;
    if (cometdModule !== undefined) request.url = cometdModule;
    guardStream(response);
    (cometdModule === undefined ? ours : cometd)(request, response, () => {
      request.url = url;
      if (range !== undefined) request.headers.range = range;
      next();
    });
  };
}

/** What neither a page nor its bridge knows: where people reach the IRC network, and how HaloD paints. */
function tell(request: IncomingMessage, response: ServerResponse, told: object): void {
  const body = JSON.stringify(told);
  setHeaders(response);
  response.writeHead(200, {
    "content-type": "application/json;charset=UTF-8",
    "content-length": Buffer.byteLength(body),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** sirv leaves the file open when the browser goes away, and lets a read error end the process. */
function guardStream(response: ServerResponse): void {
  response.once("pipe", (file) => {
    file.once("error", (error) => response.destroy(error));
    response.once("close", () => file.destroy());
  });
}

function setHeaders(response: ServerResponse): void {
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("Content-Security-Policy", contentSecurityPolicy(response.req.headers.host));
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("X-Content-Type-Options", "nosniff");
}

function contentSecurityPolicy(host: string | undefined): string {
  // Browsers before 2022 do not count the WebSocket of the same host as 'self'.
  const sockets = host !== undefined && HOST.test(host) ? ` ws://${host} wss://${host}` : "";
  return [
    "default-src 'self'",
    `connect-src 'self'${sockets}`,
    // cometd.js keeps its timers in a worker made from a blob, since browsers slow down those of hidden pages.
    "worker-src blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
