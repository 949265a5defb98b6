import type { RequestContext } from "../../link/index.ts";

/**
 * Tells whether a request cannot come from where the session's handshake came from. docs/sessions.md has the rules as a
 * table: what the handshake carried must not come differently, and must come again where a browser would send it again.
 *
 * @param bound what the handshake carried
 * @param isStrict a cookie must come again by every way, not only by the same
 */
export function isForeign(bound: RequestContext, request: RequestContext, isStrict: boolean): boolean {
  // A WebSocket may be older than the cookie, or be opened by a client without any; pages of other origins send theirs
  // with scripts, and not with posts. Browsers tell no origin with a GET to their own.
  const isSameWay = bound.via === request.via;
  if (differs(bound.browser, request.browser, isStrict || isSameWay)) return true;
  return differs(bound.origin, request.origin, isSameWay);
}

function differs(had: string, has: string, mustHave: boolean): boolean {
  if (had === "") return false;
  return has === "" ? mustHave : has !== had;
}
