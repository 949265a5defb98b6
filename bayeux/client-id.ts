/** Base-36 digits of the route at the start of a clientId. */
const ROUTE_DIGITS = 3;
const SECRET_LENGTH = 26;
const CLIENT_ID = /^[0-9a-z]{3}[a-z2-7]{26}$/;

/** The largest number of routes that a clientId can name. */
export const MAX_ROUTES = 36 ** ROUTE_DIGITS - 1;

/** Characters of a clientId's secret: five bits each. */
export const SECRET_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * Makes a clientId: its route, so that any dispatcher finds the session's bridge without asking, and 130 random bits.
 *
 * @param route 1…MAX_ROUTES
 * @param randomBytes at least 26 uniformly random bytes
 * @throws RangeError where one of them is not so, rather than make an id that is short or nobody's
 */
export function makeClientId(route: number, randomBytes: Uint8Array): string {
  if (!Number.isSafeInteger(route) || route < 1 || route > MAX_ROUTES) {
    throw new RangeError(`route must be a whole number from 1 to ${MAX_ROUTES}, not ${route}`);
  }
  if (randomBytes.length < SECRET_LENGTH) {
    throw new RangeError(`a clientId needs ${SECRET_LENGTH} random bytes, not ${randomBytes.length}`);
  }
  let secret = "";
  for (const byte of randomBytes.subarray(0, SECRET_LENGTH)) secret += SECRET_ALPHABET.charAt(byte & 31);
  return route.toString(36).padStart(ROUTE_DIGITS, "0") + secret;
}

/** @returns the route of a clientId, or null where it cannot be one of ours */
export function routeOf(clientId: string): number | null {
  if (!CLIENT_ID.test(clientId)) return null;
  const route = Number.parseInt(clientId.slice(0, ROUTE_DIGITS), 36);
  return route === 0 ? null : route;
}

/** How a clientId is written to a log: enough to tell sessions apart, not enough to steal one. */
export function shortClientId(clientId: string): string {
  return clientId.slice(0, 8) + "…";
}
