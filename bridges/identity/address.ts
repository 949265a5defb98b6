const MAPPED_IPV4 = /^0{20}ffff(?=.{8}$)/;

/**
 * @param hex of a request's context: 32 hexadecimal digits, or "" where the address is not known
 * @returns the address as text, `203.0.113.7` or `2001:db8:0:0:0:0:0:1`, or null
 */
export function addressText(hex: string): string | null {
  if (hex === "") return null;
  if (MAPPED_IPV4.test(hex)) return parts(hex.replace(MAPPED_IPV4, ""), 2).join(".");
  return parts(hex, 4)
    .map((part) => part.toString(16))
    .join(":");
}

function parts(hex: string, digits: number): number[] {
  return (hex.match(new RegExp(`.{${digits}}`, "g")) ?? []).map((part) => Number.parseInt(part, 16));
}
