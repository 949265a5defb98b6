import { LinkClient, splitAddress, type Frame, type Link } from "../link/index.ts";
import { parseRequest } from "./control.ts";
import type { Council } from "./council.ts";
import { linkOf, listeningOf, type HaloDaemonOptions } from "./daemon-options.ts";

/** A standby's link to the other HaloD, and again whenever it is lost. Not started yet. */
export function peerClient(
  options: HaloDaemonOptions,
  council: Pick<Council, "greet" | "went" | "onRequest">,
): LinkClient {
  const { peer, secret, log, faults, randomBytes } = listeningOf(options);
  const owner = {
    onUp: (link: Link) => council.greet(link),
    onFrame: (link: Link, frame: Frame) => {
      const request = frame.type === "control" ? parseRequest(frame.payload) : null;
      if (request && council.onRequest(link, request)) return;
      faults.count("halod.malformed", "link to the other HaloD closed, it said what makes no sense");
      link.close("the other HaloD said what makes no sense");
    },
    onDrain: () => undefined,
    onDown: (link: Link, _: string, isOrderly: boolean) => council.went(link, isOrderly),
  };
  const own = { peer, secret, log, faults, randomBytes, random: Math.random, config: linkOf(options) };
  return new LinkClient({ ...own, ...splitAddress(options.config.standbyOf), serverRole: "halod", owner });
}
