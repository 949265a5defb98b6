import type { Archive } from "./archive.ts";

/** ejabberd's ids are times in microseconds. */
const TIME = /^\d{1,20}$/;

/**
 * Asks whether an archive still has the message with this id, as far as its own answer to a question does not tell: ejabberd
 * answers with everything later, whether it has the message or not, and with everything where the id is none of its own.
 *
 * @returns true also where the archive says so itself
 * @throws NetworkError `refused` or `unavailable`
 */
export async function mayHave(archive: Archive, room: string, id: string): Promise<boolean> {
  const isTime = TIME.test(id);
  const query = isTime ? ({ type: "after", id: String(BigInt(id) - 1n) } as const) : ({ type: "newest" } as const);
  const page = await archive.page(room, query, 1);
  const [first] = page === null || page === "unknownId" ? [] : page.items;
  if (isTime) return page === "unknownId" || first?.id === id;
  return first === undefined || !TIME.test(first.id);
}
