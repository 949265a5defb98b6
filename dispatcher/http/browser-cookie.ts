/** The name that CometD gives it: clients and balancers know it. */
const NAME = "BAYEUX_BROWSER";
/** What we make has 26 characters; other servers of the same host make others. */
const VALUE = /^[A-Za-z0-9_-]{16,128}$/;
const VALUE_BYTES = 18;

/** @returns the browser's cookie, or null where none came that can be one; of several the first, as browsers order them */
export function readBrowserCookie(header: string | undefined): string | null {
  for (const pair of header?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals < 0 || pair.slice(0, equals).trim() !== NAME) continue;
    const value = pair.slice(equals + 1).trim();
    return VALUE.test(value) ? value : null;
  }
  return null;
}

/** Makes the cookie of a browser that has none. @param randomBytes cryptographically random */
export function makeBrowserCookie(randomBytes: (size: number) => Buffer): string {
  return randomBytes(VALUE_BYTES).toString("base64url");
}

/**
 * The `Set-Cookie` header: for scripts invisible, for other sites' requests not sent, gone with the browser.
 *
 * @param origin the handshake's `Origin`: only the page knows whether its way to us is encrypted, since a balancer may
 *   end TLS and no header of it is trusted. A forged one only keeps the forger's own cookie from coming back.
 */
export function setBrowserCookie(value: string, origin: string | undefined): string {
  const secure = origin?.startsWith("https://") ? "; Secure" : "";
  return `${NAME}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}
