import type { IncomingHttpHeaders } from "node:http";

/** What the origin of a request means. */
export interface Verdict {
  readonly isAllowed: boolean;
  /** The origin to name in the answer, so that its page may read it; null where that needs no leave. */
  readonly echo: string | null;
  /** Where it came from, for the log. */
  readonly from: string | undefined;
}

/**
 * Tells whether a request may use us: it comes from a page of our own, from one whose origin is listed, or from no page.
 *
 * Pages cannot forge these headers. Browsers send `Origin` with every POST, WebSocket and request to elsewhere that a
 * page may read the answer of. A script (JSONP) has none: it is judged by `Sec-Fetch-Site`, or where a browser does not
 * send that, by the `Referer`.
 *
 * @param allowed origins such as `https://example.org`
 */
export function judge(headers: IncomingHttpHeaders, allowed: readonly string[]): Verdict {
  const { origin, host, referer } = headers;
  if (origin !== undefined) {
    const isListed = allowed.includes(origin);
    return { isAllowed: isListed || isOwn(origin, host), echo: isListed ? origin : null, from: origin };
  }
  const site = headers["sec-fetch-site"];
  const page = referer === undefined ? undefined : originOf(referer);
  // `none` is a person who typed the address; a page of our own is `same-origin`, whatever a balancer made of the host.
  if (site === "same-origin" || site === "none") return { isAllowed: true, echo: null, from: page };
  if (page === undefined) return { isAllowed: site === undefined && referer === undefined, echo: null, from: referer };
  const isOurs = site === undefined && isOwn(page, host);
  return { isAllowed: isOurs || allowed.includes(page), echo: null, from: page };
}

function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  // Behind a balancer that ends TLS only the page knows its scheme; it decides which port goes without saying.
  const ours = `${from.protocol}//${host}`;
  return from.host !== "" && URL.canParse(ours) && new URL(ours).host === from.host;
}

function originOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).origin : undefined;
}
