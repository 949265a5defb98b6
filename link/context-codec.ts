import type { RequestContext } from "./frames.ts";
import { FLAG } from "./wire.ts";

/** Bytes of a hash, or an address, and how it looks as text. */
const FIELD_BYTES = 16;
const FIELD = /^[0-9a-f]{32}$/;
/** In the order of the wire. */
const FIELDS = [
  ["browser", FLAG.hasBrowser],
  ["origin", FLAG.hasOrigin],
  ["address", FLAG.hasAddress],
] as const;

/** @returns the flags of a request that tell its context */
export function contextFlags(context: RequestContext): number {
  const { via, isMultiplexed } = context;
  const ways =
    (isMultiplexed ? FLAG.isMultiplexed : 0) | (via === "get" ? FLAG.isGet : via === "upgrade" ? FLAG.isUpgrade : 0);
  return FIELDS.reduce((flags, [name, flag]) => flags | (context[name] === "" ? 0 : flag), ways);
}

/** @returns how many bytes a context takes beside its flags */
export function contextBytes(context: RequestContext): number {
  return contextBytesOf(contextFlags(context));
}

/** The same, as a receiver knows it. */
export function contextBytesOf(flags: number): number {
  return FIELDS.reduce((bytes, [, flag]) => bytes + (flags & flag ? FIELD_BYTES : 0), 0);
}

/** True for flags that a request may have together; every bit means something. */
export function areRequestFlags(flags: number): boolean {
  const both = FLAG.isGet | FLAG.isUpgrade;
  return (flags & both) !== both;
}

/** @throws RangeError where a field is none, which is a bug of ours */
export function writeContext(context: RequestContext, target: Buffer, at: number): void {
  let offset = at;
  for (const [name] of FIELDS) {
    const field = context[name];
    if (field === "") continue;
    if (!FIELD.test(field)) throw new RangeError(`${name} is 32 hexadecimal digits`);
    offset += target.write(field, offset, "hex");
  }
}

/** @param flags of which `areRequestFlags` is true */
export function readContext(bytes: Buffer, at: number, flags: number): RequestContext {
  let offset = at;
  const field = (flag: number): string => {
    if ((flags & flag) === 0) return "";
    offset += FIELD_BYTES;
    return bytes.toString("hex", offset - FIELD_BYTES, offset);
  };
  return {
    via: flags & FLAG.isGet ? "get" : flags & FLAG.isUpgrade ? "upgrade" : "post",
    isMultiplexed: (flags & FLAG.isMultiplexed) !== 0,
    // One after the other, as they are on the wire.
    browser: field(FLAG.hasBrowser),
    origin: field(FLAG.hasOrigin),
    address: field(FLAG.hasAddress),
  };
}
