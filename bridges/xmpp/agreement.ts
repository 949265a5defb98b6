import { xml } from "@xmpp/client";
import type { Agreement } from "../network.ts";
import type { Ask } from "./room-setup.ts";
import { RequestError } from "./requests.ts";
import { NS } from "./stanzas.ts";

/** Rooms name all messages themselves. */
const NAMED = "stanza-id";

/** What bridges on one XMPP service have in common. @param server how it is asked */
export function agreementOf(server: () => { readonly ask: Ask; readonly domain: string }): Agreement {
  let asked: Promise<void> | null = null;
  const ping = async (): Promise<void> => {
    const { ask, domain } = server();
    try {
      // It comes behind all that was routed to us before.
      await ask("get", domain, xml("ping", { xmlns: NS.ping }));
    } catch (error) {
      // That it does not want to answer is an answer as well.
      if (!(error instanceof RequestError)) throw error;
    }
  };
  return {
    caughtUp: () => {
      if (asked === null) {
        asked = ping();
        setImmediate(() => (asked = null));
      }
      return asked;
    },
    mark: () => NAMED,
    agrees: (_, mark) => mark === NAMED,
    isCounted: () => false,
  };
}
