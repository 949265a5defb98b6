import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { RequestContext } from "../../link/index.ts";
import type { DispatcherConfig } from "../config.ts";
import { addressHex } from "./address.ts";
import { readBrowserCookie } from "./browser-cookie.ts";

/** HTTP/2 and later, as balancers write it: `2`, `2.0`, `HTTP/2`, `h2`, `h3`. */
const MULTIPLEXED = /^(?:h|http\/)?[23](?:\.0)?$/i;

/**
 * What a request, or a WebSocket's upgrade, carries that its session is bound to.
 *
 * Headers that the configuration names are a trusted balancer's; "" = none.
 */
export function contextOf(
  {
    headers,
    socket,
  }: Pick<IncomingMessage, "headers"> & { readonly socket: { readonly remoteAddress?: string | undefined } },
  via: RequestContext["via"],
  { httpVersionHeader, addressHeader }: Pick<DispatcherConfig, "httpVersionHeader" | "addressHeader">,
): RequestContext {
  const version = httpVersionHeader === "" ? undefined : headers[httpVersionHeader.toLowerCase()];
  return {
    via,
    isMultiplexed: typeof version === "string" && MULTIPLEXED.test(version.trim()),
    browser: nameBrowser(readBrowserCookie(headers.cookie)),
    origin: headers.origin === undefined ? "" : hash("origin", headers.origin),
    address: addressHex(addressHeader === "" ? socket.remoteAddress : lastOf(headers[addressHeader.toLowerCase()])),
  };
}

/** A balancer adds the address that it sees at the end of what others have said. */
function lastOf(header: string | string[] | undefined): string | undefined {
  return [header ?? []].flat().at(-1)?.split(",").at(-1)?.trim();
}

/** @returns how bridges know the browser with this cookie: they never see the cookie itself */
export function nameBrowser(cookie: string | null): string {
  return cookie === null ? "" : hash("browser", cookie);
}

function hash(kind: string, text: string): string {
  return createHash("sha256").update(`${kind}\n${text}`).digest("hex").slice(0, 32);
}
