import { xml } from "@xmpp/client";
import { NetworkError } from "../network.ts";
import type { RoomNames } from "./names.ts";
import { RequestError } from "./requests.ts";
import type { Ask } from "./room-setup.ts";
import { NS } from "./stanzas.ts";

const PAGE_SIZE = 500;
/** Of rooms that have no Bayeux name, or that a server lists again and again. */
const MAX_PAGES = 200;

/**
 * Lists the rooms that the service shows and that have Bayeux names.
 *
 * @param limit at most so many
 * @throws NetworkError `refused` or `unavailable`
 */
export async function discoverRooms(
  ask: Ask,
  names: RoomNames,
  mucService: string,
  limit: number,
): Promise<readonly string[]> {
  const channels = new Set<string>();
  let after: string | null = null;
  for (let count = 0; count < MAX_PAGES && channels.size < limit; count += 1) {
    const query = await askItems(ask, mucService, after);
    const items = query?.getChildren("item") ?? [];
    for (const item of items) {
      const channel = names.decode(item.attrs["jid"] ?? "", item.attrs["name"]);
      if (channel !== null && channels.size < limit) channels.add(channel);
    }
    const last: string | null = query?.getChild("set", NS.rsm)?.getChildText("last") ?? null;
    // A server without paging has sent all.
    if (items.length === 0 || last === null || last === after) break;
    after = last;
  }
  return [...channels];
}

async function askItems(ask: Ask, mucService: string, after: string | null) {
  const position = after === null ? null : xml("after", null, after);
  const set = xml("set", { xmlns: NS.rsm }, xml("max", null, String(PAGE_SIZE)), position);
  try {
    const answer = await ask("get", mucService, xml("query", { xmlns: NS.discoItems }, set));
    return answer.getChild("query", NS.discoItems);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw new NetworkError("refused", error.message, { cause: error });
  }
}
