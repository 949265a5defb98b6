/** A process that writes a membership whole, begins the next one, and dies where it is told to. */
import { rename } from "node:fs/promises";
import { emptyMembership, step } from "../../halod/membership.ts";
import { savedTableOf } from "../../halod/saved-table.ts";
import { VoteStore } from "../../halod/store.ts";

const [path = "", where] = process.argv.slice(2);
const policy = { nodes: 1, formAfterMs: 1, spares: 0, failAfterMs: 1, graceMs: 1, maxBridges: 9 };
const die = () => process.kill(process.pid, "SIGKILL");

const register = (before: ReturnType<typeof emptyMembership>, node: number) => {
  const bridge = { node, instance: `i${node}`, address: `b${node}:7070` };
  return step(before, { type: "register", bridge, epoch: 0 }, node, policy).membership;
};
const ballot = { term: 1, by: "h" };
const electorate = { voters: ["h h"], casting: "h h" };
const saved = (membership: ReturnType<typeof emptyMembership>) => {
  const accepted = { ballot, serial: 1, table: savedTableOf(membership), electorate, before: null };
  return { halod: "h", vote: { promised: ballot, accepted } };
};
const first = register(emptyMembership(24), 1);
await new VoteStore(path).write(saved(first));
const dying = new VoteStore(path, {
  rename: async (from, to) => {
    if (where === "after") await rename(from, to);
    die();
    // The signal may take a moment.
    await new Promise(() => setInterval(() => undefined, 1_000));
  },
});
await dying.write(saved(register(first, 2)));
