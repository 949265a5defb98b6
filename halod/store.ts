/** The file that HaloD carries on from: what it has promised, and the newest state that it has accepted. */
import { access, constants, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { electorateOf, haloVoter } from "./electorate.ts";
import { NO_VOTE, withoutOthers, type SavedTable, type Vote } from "./vote.ts";
import { voteShape } from "./vote-messages.ts";

const shape = z.strictObject({
  version: z.literal(2),
  /** What this HaloD is called where votes are counted: as long as the file lives. */
  halod: z.string().regex(/^[\w-]{1,64}$/),
  vote: voteShape,
});

/** Before there was a vote. */
const oldShape = z.strictObject({
  version: z.literal(1),
  routes: z.number().int().min(1),
  epoch: z.number().int().min(0),
  changedMs: z.number(),
  /** The instances of the active bridges, from slot 1. */
  active: z.array(z.string()),
  bridges: z.array(
    z.strictObject({
      node: z.number().int().min(1),
      address: z.string(),
      instance: z.string(),
      sinceMs: z.number(),
    }),
  ),
});

/** What is kept. */
export interface Saved {
  readonly halod: string;
  readonly vote: Vote;
}

/** The file is not one that HaloD can carry on from; the text says what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** What of the file system it uses; a test may end the process in the middle of it. */
export interface StoreSteps {
  readonly rename: (from: string, to: string) => Promise<void>;
}

/** Keeps a vote in a file, which is always a whole one: the old or the new, whenever the process ends. */
export class VoteStore {
  readonly #path: string;
  readonly #steps: StoreSteps;

  constructor(path: string, steps: StoreSteps = { rename }) {
    this.#path = path;
    this.#steps = steps;
  }

  /**
   * What was written last.
   *
   * @param name for a HaloD that has no file yet
   * @throws StoreError where it cannot be read or written, is broken, or is one for another number of routes
   */
  async read(routes: number, name: string): Promise<Saved> {
    await this.#checkFolder();
    const text = await this.#text();
    if (text === null) return { halod: name, vote: NO_VOTE };
    const saved = this.#parse(text, name);
    const kept = saved.vote.accepted?.table.routes ?? routes;
    if (kept === routes) return saved;
    const fault = `${this.#path} is of a cluster of ${kept} routes, and routes is ${routes}`;
    throw new StoreError(`${fault}; set routes as it was, or stop all processes, delete the file and start again`);
  }

  /** Resolves when it is on the disk, and would be there after a loss of power. @throws Error of the file system */
  async write({ halod, vote }: Saved): Promise<void> {
    const text = `${JSON.stringify({ version: 2, halod, vote })}\n`;
    const temporary = `${this.#path}.new`;
    await using file = await open(temporary, "w", 0o600);
    await file.writeFile(text);
    await file.sync();
    await this.#steps.rename(temporary, this.#path);
    // The name is part of the folder, not of the file.
    await using folder = await open(dirname(this.#path), "r");
    await folder.sync();
  }

  async #checkFolder(): Promise<void> {
    try {
      await access(dirname(this.#path), constants.W_OK);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError(`${this.#path}, which is halod.file, cannot be written: ${text}`, { cause });
    }
  }

  async #text(): Promise<string | null> {
    try {
      return await readFile(this.#path, "utf8");
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError(`${this.#path}, which is halod.file, cannot be read: ${text}`, { cause });
    }
  }

  #parse(text: string, name: string): Saved {
    try {
      const json: unknown = JSON.parse(text);
      const old = oldShape.safeParse(json);
      const { halod, vote } = old.success ? upgraded(old.data, name) : shape.parse(json);
      if (vote.accepted) checkWhole(vote.accepted.table);
      return { halod, vote };
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll("\n", " ") : String(cause);
      const advice =
        "put back a copy of it, or delete it: then the bridges make a new table, and sessions that move begin anew";
      throw new StoreError(`${this.#path}, which is halod.file, is broken (${reason}); ${advice}`, { cause });
    }
  }
}

/** The operator's way out, for the term that the file has: nobody else has a say in what comes next. */
export function forgetOthers({ halod, vote }: Saved, term: number, log: Logger): Saved {
  const kept = vote.promised?.term ?? 0;
  if (term === 0) return { halod, vote };
  if (term !== kept) {
    log.warn({ term, kept }, "halod.withoutOthers is for another term, and changes nothing");
    return { halod, vote };
  }
  log.warn({ term, voters: vote.accepted?.electorate.voters.length }, "going on without all others, as it was asked");
  return { halod, vote: withoutOthers(vote, haloVoter(halod)) };
}

/** Nobody else had a say. */
function upgraded({ routes, epoch, changedMs, active, bridges }: z.infer<typeof oldShape>, halod: string): Saved {
  const numbers = new Map(bridges.map(({ instance, node }) => [instance, node]));
  const table = { routes, epoch, changedMs, active: active.map((one) => numbers.get(one) ?? 0), bridges };
  const ballot = { term: 1, by: halod };
  const electorate = electorateOf([], haloVoter(halod));
  return { halod, vote: { promised: ballot, accepted: { ballot, serial: 1, table, electorate, before: null } } };
}

/** @throws Error that says what does not fit together */
function checkWhole({ active, bridges, routes }: SavedTable): void {
  const nodes = new Set(bridges.map(({ node }) => node));
  if (new Set(bridges.map(({ instance }) => instance)).size < bridges.length)
    throw new Error("a bridge is in it twice");
  if (nodes.size < bridges.length) throw new Error("two bridges have one number");
  if (new Set(active).size < active.length) throw new Error("a bridge is active twice");
  if (!active.every((node) => nodes.has(node))) throw new Error("an active bridge is not listed");
  if (active.length > routes) throw new Error("there are more active bridges than routes");
}
