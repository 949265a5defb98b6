/** Characters of a name that a browser declares. */
export const MAX_NAME_LENGTH = 32;

/** True for what a browser may call itself: nothing that would break a line, or be taken for the marks around a name. */
export function isDeclaredName(name: string): boolean {
  return name !== "" && name.length <= MAX_NAME_LENGTH && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>]/u.test(name);
}

/**
 * Reads `ext.tailspin.name` of a handshake.
 *
 * @returns the name without the spaces around it, which need not be one that is allowed; null where none is declared
 */
export function declaredName(ext: Readonly<Record<string, unknown>>): string | null {
  const { tailspin } = ext;
  if (typeof tailspin !== "object" || tailspin === null || !("name" in tailspin) || tailspin.name === undefined)
    return null;
  return typeof tailspin.name === "string" ? tailspin.name.trim() : "";
}
