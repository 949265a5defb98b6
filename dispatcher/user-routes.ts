import { createHash } from "node:crypto";
import { declaredName, isDeclaredName, type Request } from "../bayeux/index.ts";

/** @returns the name that a handshake declares; null where it declares none that is allowed, and for other requests */
export function userOf([request]: readonly Request[]): string | null {
  if (request?.type !== "handshake") return null;
  const name = declaredName(request.ext);
  return name !== null && isDeclaredName(name) ? name : null;
}

/** @returns the route of a user, which is the same at every dispatcher @param routes how many there are */
export function homeOf(name: string, routes: number): number {
  return (numberFrom(name, "home") % routes) + 1;
}

/**
 * The route of the bridge that stands in while a user's own is away: another one for each user, so that not one bridge
 * gets them all.
 *
 * @param owners owners[0] is the bridge of route 1
 * @returns null where there is no other bridge
 */
export function deputyOf(name: string, owners: readonly number[]): number | null {
  const owner = owners[homeOf(name, owners.length) - 1];
  const first = numberFrom(name, "deputy") % owners.length;
  for (let step = 0; step < owners.length; step++) {
    const index = (first + step) % owners.length;
    if (owners[index] !== owner) return index + 1;
  }
  return null;
}

function numberFrom(name: string, purpose: string): number {
  return createHash("sha256").update(`${purpose}\n${name}`).digest().readUInt32BE(0);
}
