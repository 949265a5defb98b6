/** The file that HaloD carries on from: who was in the cluster, and in which slot. */
import { access, constants, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { Membership } from "./membership.ts";

const VERSION = 1;

const shape = z.strictObject({
  version: z.literal(VERSION),
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

/** The file is not one that HaloD can carry on from; the text says what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** What of the file system it uses; a test may end the process in the middle of it. */
export interface StoreSteps {
  readonly rename: (from: string, to: string) => Promise<void>;
}

/** Keeps a membership in a file, which is always a whole one: the old or the new, whenever the process ends. */
export class MembershipStore {
  readonly #path: string;
  readonly #steps: StoreSteps;

  constructor(path: string, steps: StoreSteps = { rename }) {
    this.#path = path;
    this.#steps = steps;
  }

  /**
   * What was written last. Everybody in it counts as lost since `atMs`: they come back, or they do not.
   *
   * @returns null where there is no file
   * @throws StoreError where it cannot be read or written, is broken, or is one for another number of routes
   */
  async read(routes: number, atMs: number): Promise<Membership | null> {
    await this.#checkFolder();
    const text = await this.#text();
    if (text === null) return null;
    const saved = this.#parse(text);
    if (saved.routes !== routes) {
      const text = `${this.#path} is of a cluster of ${saved.routes} routes, and routes is ${routes}`;
      throw new StoreError(`${text}; set routes as it was, or stop all processes, delete the file and start again`);
    }
    const members = saved.bridges.map((bridge) => ({ ...bridge, lostMs: atMs }));
    const { epoch, changedMs, active } = saved;
    return { routes, epoch, changedMs, active, members, isFormed: true, firstMs: atMs, graceUntilMs: 0 };
  }

  /** Resolves when it is on the disk, and would be there after a loss of power. @throws Error of the file system */
  async write({ routes, epoch, changedMs, active, members }: Membership): Promise<void> {
    const bridges = members.map(({ node, address, instance, sinceMs }) => ({ node, address, instance, sinceMs }));
    const text = `${JSON.stringify({ version: VERSION, routes, epoch, changedMs, active, bridges })}\n`;
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

  #parse(text: string): z.infer<typeof shape> {
    try {
      const saved = shape.parse(JSON.parse(text));
      checkWhole(saved);
      return saved;
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll("\n", " ") : String(cause);
      const advice =
        "put back a copy of it, or delete it: then the bridges make a new table, and sessions that move begin anew";
      throw new StoreError(`${this.#path}, which is halod.file, is broken (${reason}); ${advice}`, { cause });
    }
  }
}

/** @throws Error that says what does not fit together */
function checkWhole({ active, bridges, routes }: z.infer<typeof shape>): void {
  const instances = new Set(bridges.map(({ instance }) => instance));
  if (instances.size < bridges.length) throw new Error("a bridge is in it twice");
  if (new Set(bridges.map(({ node }) => node)).size < bridges.length) throw new Error("two bridges have one number");
  if (new Set(active).size < active.length) throw new Error("a bridge is active twice");
  if (!active.every((instance) => instances.has(instance))) throw new Error("an active bridge is not listed");
  if (active.length > routes) throw new Error("there are more active bridges than routes");
}
