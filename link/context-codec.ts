import type { RequestContext } from "./frames.ts";
import { FLAG } from "./wire.ts";

/** Bytes of a hash, and how it looks as text. */
const HASH_BYTES = 16;
const HASH = /^[0-9a-f]{32}$/;
const ALL_FLAGS =
  FLAG.isSocket | FLAG.mayHold | FLAG.hasBrowser | FLAG.hasOrigin | FLAG.isMultiplexed | FLAG.isGet | FLAG.isUpgrade;

/** @returns the flags of a request that tell its context */
export function contextFlags({ via, isMultiplexed, browser, origin }: RequestContext): number {
  return (
    (browser === "" ? 0 : FLAG.hasBrowser) |
    (origin === "" ? 0 : FLAG.hasOrigin) |
    (isMultiplexed ? FLAG.isMultiplexed : 0) |
    (via === "get" ? FLAG.isGet : via === "upgrade" ? FLAG.isUpgrade : 0)
  );
}

/** @returns how many bytes a context takes beside its flags */
export function contextBytes({ browser, origin }: RequestContext): number {
  return (browser === "" ? 0 : HASH_BYTES) + (origin === "" ? 0 : HASH_BYTES);
}

/** The same, as a receiver knows it. */
export function contextBytesOf(flags: number): number {
  return (flags & FLAG.hasBrowser ? HASH_BYTES : 0) + (flags & FLAG.hasOrigin ? HASH_BYTES : 0);
}

/** True for flags that a request may have together. */
export function areRequestFlags(flags: number): boolean {
  const both = FLAG.isGet | FLAG.isUpgrade;
  return (flags & ~ALL_FLAGS) === 0 && (flags & both) !== both;
}

/** @throws RangeError where a hash is none, which is a bug of ours */
export function writeContext({ browser, origin }: RequestContext, target: Buffer, at: number): void {
  let offset = at;
  for (const hash of [browser, origin]) {
    if (hash === "") continue;
    if (!HASH.test(hash)) throw new RangeError("a hash is 32 hexadecimal digits");
    offset += target.write(hash, offset, "hex");
  }
}

/** @param flags of which `areRequestFlags` is true */
export function readContext(bytes: Buffer, at: number, flags: number): RequestContext {
  const hasBrowser = (flags & FLAG.hasBrowser) !== 0;
  const originAt = at + (hasBrowser ? HASH_BYTES : 0);
  return {
    via: flags & FLAG.isGet ? "get" : flags & FLAG.isUpgrade ? "upgrade" : "post",
    isMultiplexed: (flags & FLAG.isMultiplexed) !== 0,
    browser: hasBrowser ? bytes.toString("hex", at, originAt) : "",
    origin: flags & FLAG.hasOrigin ? bytes.toString("hex", originAt, originAt + HASH_BYTES) : "",
  };
}
