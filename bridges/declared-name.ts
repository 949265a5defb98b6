/** Characters of a name that a browser declares. */
export const MAX_NAME_LENGTH = 32;

/** True for what a browser may call itself: nothing that would break a line, or be taken for the marks around a name. */
export function isDeclaredName(name: string): boolean {
  return name !== "" && name.length <= MAX_NAME_LENGTH && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>]/u.test(name);
}
