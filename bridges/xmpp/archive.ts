import { xml, type Element } from "@xmpp/client";
import { NetworkError } from "../network.ts";
import { RequestError } from "./requests.ts";
import type { Ask } from "./room-setup.ts";
import { NS, splitJid, submitForm } from "./stanzas.ts";

/** One message of a room's archive. */
export interface Archived {
  /** The archive's id, which is the `stanza-id` that the message had live. */
  readonly id: string;
  readonly timeMs: number;
  readonly message: Element;
}

/** One answer of an archive, oldest first. */
export interface ArchivePage {
  readonly items: readonly Archived[];
  /** Nothing that matches lies behind the last item (before the first, for the newest page). */
  readonly isComplete: boolean;
}

/** What of an archive is wanted. */
export type ArchiveQuery =
  | { readonly type: "after"; readonly id: string }
  | { readonly type: "from"; readonly timeMs: number }
  /** The last ones; before the id, where one is given. */
  | { readonly type: "newest"; readonly beforeId?: string };

interface Collector {
  readonly room: string;
  readonly max: number;
  readonly items: Archived[];
}

/** What servers answer that have no archive, or not of this room. */
const NO_ARCHIVE = new Set(["feature-not-implemented", "service-unavailable", "not-allowed"]);
/** What servers answer when they do not know the id that a page shall begin after. */
const UNKNOWN_ID = new Set(["item-not-found", "bad-request"]);

/** Reads archives of rooms (XEP-0313). */
export class Archive {
  readonly #ask: Ask;
  readonly #nextId: () => string;
  readonly #collectors = new Map<string, Collector>();

  /** @param nextId makes ids that nobody can guess */
  constructor(ask: Ask, nextId: () => string) {
    this.#ask = ask;
    this.#nextId = nextId;
  }

  /**
   * @param room bare JID
   * @param max items of the page; the server may have a lower limit
   * @returns null where there is no archive; `"unknownId"` when it does not know the id any more
   * @throws NetworkError `refused` or `unavailable`
   */
  async page(room: string, query: ArchiveQuery, max: number): Promise<ArchivePage | "unknownId" | null> {
    const queryId = this.#nextId();
    const collector: Collector = { room, max, items: [] };
    this.#collectors.set(queryId, collector);
    try {
      const answer = await this.#ask("set", room, queryOf(queryId, query, max));
      const isComplete = answer.getChild("fin", NS.mam)?.attrs["complete"] === "true";
      return { items: collector.items, isComplete };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const hasId = query.type === "after" || (query.type === "newest" && query.beforeId !== undefined);
      if (hasId && UNKNOWN_ID.has(error.condition)) return "unknownId";
      if (NO_ARCHIVE.has(error.condition)) return null;
      throw new NetworkError("refused", error.message, { cause: error });
    } finally {
      this.#collectors.delete(queryId);
    }
  }

  /** @returns true for a stanza that is part of an answer */
  onMessage(stanza: Element): boolean {
    const result = stanza.getChild("result", NS.mam);
    if (result === undefined) return false;
    const collector = this.#collectors.get(result.attrs["queryid"] ?? "");
    const [room] = splitJid(stanza.attrs["from"] ?? "");
    // Anybody can send something that looks like one.
    if (collector?.room !== room || collector.items.length >= collector.max) return true;
    const forwarded = result.getChild("forwarded", NS.forward);
    const message = forwarded?.getChild("message");
    const timeMs = Date.parse(forwarded?.getChild("delay", NS.delay)?.attrs["stamp"] ?? "");
    const { id } = result.attrs;
    if (id !== undefined && message !== undefined && !Number.isNaN(timeMs)) {
      collector.items.push({ id, timeMs, message });
    }
    return true;
  }
}

function queryOf(queryId: string, query: ArchiveQuery, max: number): Element {
  const start = query.type === "from" ? ([["start", new Date(query.timeMs).toISOString()]] as const) : [];
  const position =
    query.type === "after"
      ? xml("after", null, query.id)
      : query.type === "newest"
        ? xml("before", null, ...(query.beforeId === undefined ? [] : [query.beforeId]))
        : null;
  return xml(
    "query",
    { xmlns: NS.mam, queryid: queryId },
    submitForm(NS.mam, start),
    xml("set", { xmlns: NS.rsm }, xml("max", null, String(max)), position),
  );
}
