import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";

/** A request that is not taken, as an HTTP status and a text for a person. */
export interface BadBody {
  readonly status: 400 | 413 | 415;
  readonly text: string;
  /** False: more of it is coming, so the connection cannot go on. */
  readonly isWhole: boolean;
}

/** Who waits for a body. At most one of the two is called, and none where the browser goes away. */
export interface BodyOwner {
  onBody(bytes: Buffer): void;
  onBadBody(fault: BadBody): void;
}

/** Beyond the limit the rest is read and thrown away up to this many times the limit, so that the 413 can be read. */
const TOLERANCE = 2;

/** Reads a body in UTF-8 that is not longer than allowed, in chunks or not. */
export function readBody(request: IncomingMessage, maxBodyBytes: number, owner: BodyOwner): void {
  const chunks: Buffer[] = [];
  let received = 0;
  let isDone = false;
  const finish = (then: () => void) => {
    if (isDone) return;
    isDone = true;
    chunks.length = 0;
    then();
  };
  const tooLarge = (isWhole: boolean) => () =>
    owner.onBadBody({ status: 413, text: `A request may have ${maxBodyBytes} bytes at most`, isWhole });
  request.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received <= maxBodyBytes) chunks.push(chunk);
    else if (received > TOLERANCE * maxBodyBytes) finish(tooLarge(false));
    else chunks.length = 0;
  });
  request.on("end", () => {
    if (received > maxBodyBytes) return finish(tooLarge(true));
    const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    finish(() => {
      if (isUtf8(bytes)) owner.onBody(bytes);
      else owner.onBadBody({ status: 400, text: "The body is not valid UTF-8", isWhole: true });
    });
  });
}
