import { isIP } from "node:net";

const HEXTETS = 8;
const MAPPED_IPV4 = "::ffff:";

/** @returns an IPv6 address, or an IPv4 address as `::ffff:…`, as 32 lower-case hexadecimal digits; "" for what is neither */
export function addressHex(text: string | undefined): string {
  if (text === undefined) return "";
  // The zone (fe80::1%eth0) means something on this host only.
  const [bare = ""] = text.split("%");
  const version = isIP(bare);
  if (version === 0) return "";
  const address = (version === 4 ? MAPPED_IPV4 + bare : bare).replace(/[^:]*\.[^:]*$/, hextetsOfIpv4);
  const [before = "", after] = address.split("::");
  const head = before.split(":").filter(Boolean);
  const tail = (after ?? "").split(":").filter(Boolean);
  const zeros = Array.from({ length: HEXTETS - head.length - tail.length }, () => "0");
  const hextets = [...head, ...zeros, ...tail];
  return hextets.map((hextet) => hextet.toLowerCase().padStart(4, "0")).join("");
}

function hextetsOfIpv4(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
