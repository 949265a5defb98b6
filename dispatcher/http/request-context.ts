import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { RequestContext } from "../../link/index.ts";
import { readBrowserCookie } from "./browser-cookie.ts";

/** HTTP/2 and later, as balancers write it: `2`, `2.0`, `HTTP/2`, `h2`, `h3`. */
const MULTIPLEXED = /^(?:h|http\/)?[23](?:\.0)?$/i;

/**
 * What a request, or a WebSocket's upgrade, carries that its session is bound to.
 *
 * @param httpVersionHeader in which a trusted balancer tells the browser's version of HTTP; "" = none
 */
export function contextOf(
  { headers }: Pick<IncomingMessage, "headers">,
  via: RequestContext["via"],
  httpVersionHeader: string,
): RequestContext {
  const version = httpVersionHeader === "" ? undefined : headers[httpVersionHeader.toLowerCase()];
  return {
    via,
    isMultiplexed: typeof version === "string" && MULTIPLEXED.test(version.trim()),
    browser: nameBrowser(readBrowserCookie(headers.cookie)),
    origin: headers.origin === undefined ? "" : hash("origin", headers.origin),
  };
}

/** @returns how bridges know the browser with this cookie: they never see the cookie itself */
export function nameBrowser(cookie: string | null): string {
  return cookie === null ? "" : hash("browser", cookie);
}

function hash(kind: string, text: string): string {
  return createHash("sha256").update(`${kind}\n${text}`).digest("hex").slice(0, 32);
}
