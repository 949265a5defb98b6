import { LinkClient, splitAddress, type Frame, type Link, type LinkClientOptions } from "../link/index.ts";
import { parseRequest } from "./control.ts";
import type { Council } from "./council.ts";

export interface PeerClientOptions extends Omit<LinkClientOptions, "host" | "port" | "owner" | "serverRole"> {
  /** host:port of the HaloD that this one stands by for. */
  readonly address: string;
  readonly council: Pick<Council, "greet" | "went" | "onRequest">;
}

/** A standby's link to the other HaloD, and again whenever it is lost. Not started yet. */
export function peerClient({ address, council, ...options }: PeerClientOptions): LinkClient {
  const owner = {
    onUp: (link: Link) => council.greet(link),
    onFrame: (link: Link, frame: Frame) => {
      const request = frame.type === "control" ? parseRequest(frame.payload) : null;
      if (request && council.onRequest(link, request)) return;
      options.faults.count("halod.malformed", "link to the other HaloD closed, it said what makes no sense");
      link.close("the other HaloD said what makes no sense");
    },
    onDrain: () => undefined,
    onDown: (link: Link, _: string, isOrderly: boolean) => council.went(link, isOrderly),
  };
  return new LinkClient({ ...options, ...splitAddress(address), serverRole: "halod", owner });
}
