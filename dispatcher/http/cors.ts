import type { IncomingMessage, ServerResponse } from "node:http";

/** What cometd.js and faye.js send. */
const PREFLIGHT = {
  "access-control-allow-methods": "POST, GET",
  "access-control-allow-headers": "Content-Type, Pragma, Authorization, X-Requested-With",
  "access-control-max-age": "7200",
};
const ALLOW = { allow: "GET, POST, OPTIONS" };

/** Lets the page of a listed origin read the answer. @param echo its origin; credentials need it by name, not as `*` */
export function shareWith(response: ServerResponse, echo: string | null): void {
  // Also where there is no origin: a cache must not give that answer to a page that has one.
  response.setHeader("vary", "Origin");
  if (echo === null) return;
  response.setHeader("access-control-allow-origin", echo);
  response.setHeader("access-control-allow-credentials", "true");
}

/** Answers OPTIONS, which browsers ask before they post JSON to another origin; `shareWith` comes first. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  const isPreflight = request.headers["access-control-request-method"] !== undefined;
  response.writeHead(204, { ...ALLOW, "cache-control": "no-store", ...(isPreflight ? PREFLIGHT : {}) });
  response.end();
}
