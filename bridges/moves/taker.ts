import type { Link } from "../../link/index.ts";
import type { Talker } from "./talk.ts";

/** A bridge that takes over from us. */
export interface Taker {
  readonly talker: Talker;
  readonly link: Link;
  isDown: boolean;
  /** Settles when its link is not full any more, or is down. */
  drained: PromiseWithResolvers<void> | null;
}

/** Resolves when its link is not full any more, or is down. */
export async function drained(taker: Taker): Promise<void> {
  while (taker.link.isFull && !taker.isDown) {
    taker.drained ??= Promise.withResolvers();
    await taker.drained.promise;
    taker.drained = null;
  }
}
