import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusterOf, type Membership } from "../../../halod/membership.ts";
import { membershipOf, savedTableOf } from "../../../halod/saved-table.ts";
import { StoreError, VoteStore, type Saved } from "../../../halod/store.ts";
import { Play } from "./play.ts";

const DYING = fileURLToPath(new URL("../../support/dying-store.ts", import.meta.url));

let folder = "";
let file = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailspin-store-"));
  file = join(folder, "halod.json");
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes one table, and dies in the middle of the next. */
async function die(where: "before" | "after"): Promise<void> {
  const child = spawn(process.execPath, [DYING, file, where], { stdio: "ignore" });
  const [, signal] = await once(child, "exit");
  expect(signal).toBe("SIGKILL");
}

/** A membership, in the words of a vote. */
function saved(membership: Membership): Saved {
  const ballot = { term: 3, by: "h" };
  const electorate = { voters: ["b1 x", "h h"], casting: "h h" };
  const accepted = { ballot, serial: 7, table: savedTableOf(membership), electorate, before: null };
  return { halod: "h", vote: { promised: ballot, accepted } };
}

/** What was read, with everybody lost. */
async function readBack(store: VoteStore, routes: number, atMs: number): Promise<Membership | null> {
  const { accepted } = (await store.read(routes, "new")).vote;
  return accepted && { ...membershipOf(accepted.table, () => false, atMs, 0), graceUntilMs: 0 };
}

describe("VoteStore", () => {
  it("gives back what was written, with everybody lost since now", async () => {
    const store = new VoteStore(file);
    expect(await readBack(store, 24, 1)).toBeNull();
    const { membership } = new Play({ spares: 1 }).register("1a").register("2a").register("3a");
    await store.write(saved(membership));
    const read = await readBack(store, 24, 5_000);
    expect(read?.members).toEqual(membership.members.map((member) => ({ ...member, lostMs: 5_000 })));
    expect(read && clusterOf(read)).toEqual(clusterOf(membership));
    expect(await readdir(folder)).toEqual(["halod.json"]);
  });

  it("moves nothing while those in the file come back", async () => {
    const store = new VoteStore(file);
    const before = new Play().register("1a").register("2a").register("3a").membership;
    await store.write(saved(before));
    const read = await readBack(store, 24, 60_000);
    if (!read) throw new Error("nothing was read");
    const it = new Play({}, read);
    it.wait(600_000).register("3a").wait(9_000).register("4a").register("1a").wait(500).register("2a");
    expect(it.membership.active).toEqual([...before.active, "4a"]);
    const nothingNew = new Play({}, read).register("3a").register("1a").register("2a").wait(60_000);
    expect(clusterOf(nothingNew.membership)).toEqual(clusterOf(before));
  });

  it.each([
    ["before", 1],
    ["after", 2],
  ] as const)(
    "has the old table or the new, whole, when the process is killed %s the renaming",
    async (where, count) => {
      await die(where);
      const store = new VoteStore(file);
      const read = await readBack(store, 24, 1);
      expect(read?.members.map(({ instance }) => instance)).toEqual(["i1", "i2"].slice(0, count));
      // What the dead one left behind is in nobody's way.
      const next = new Play({}, read ?? undefined).register("3a").membership;
      await store.write(saved(next));
      expect((await readBack(store, 24, 1))?.epoch).toBe(next.epoch);
      expect(await readdir(folder)).toEqual(["halod.json"]);
    },
  );

  it.each([
    ["not JSON", (text: string) => text.slice(0, -10)],
    ["empty", () => ""],
    ["of another version", (text: string) => text.replace('"version":2', '"version":3')],
    ["without a part", (text: string) => text.replace('"epoch"', '"epok"')],
    ["with an active bridge that is nowhere", (text: string) => text.replace('"active":[1', '"active":[9')],
    ["with one number twice", (text: string) => text.replace('"node":2', '"node":1')],
  ])("says what to do about a file that is %s, and leaves it as it is", async (_, spoil) => {
    const store = new VoteStore(file);
    await store.write(saved(new Play().register("1a").register("2a").membership));
    const broken = spoil(await readFile(file, "utf8"));
    await writeFile(file, broken);
    const error: unknown = await store.read(24, "new").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toMatch(
      /halod\.json, which is halod\.file, is broken \(.+\); put back a copy of it, or delete/,
    );
    expect(await readFile(file, "utf8")).toBe(broken);
  });

  it("refuses a file of another number of routes, and a folder that is not there", async () => {
    await new VoteStore(file).write(saved(new Play().register("1a").membership));
    await expect(new VoteStore(file).read(48, "new")).rejects.toThrow("is of a cluster of 24 routes, and routes is 48");
    await expect(new VoteStore(join(folder, "no", "file")).read(24, "new")).rejects.toThrow(
      /cannot be written: ENOENT/,
    );
  });

  it("can be read by its owner only", async () => {
    const store = new VoteStore(file);
    await store.write(saved(new Play().register("1a").membership));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});
