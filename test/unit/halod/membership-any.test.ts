import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clusterOf, emptyMembership, type Membership, type MembershipPolicy } from "../../../halod/membership.ts";
import { ownersOf } from "../../../halod/routes.ts";
import { Play } from "./play.ts";

describe("a membership, whatever happens,", () => {
  const instance = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom("a", "b"))
    .map(([node, letter]) => `${node}${letter}`);
  const act = fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant("register" as const), instance }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant("lose" as const), instance }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("leave" as const, "surplus" as const), instance }) },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 12_000 }) }),
    },
  );
  const policy = fc.record({ nodes: fc.integer({ min: 1, max: 4 }), spares: fc.integer({ min: 0, max: 3 }) });

  it("has the table of as many slots as are active, an epoch that grows with each change, and moves no more", () => {
    const run = (
      routes: number,
      changes: Partial<MembershipPolicy>,
      acts: readonly (typeof act extends fc.Arbitrary<infer T> ? T : never)[],
    ) => {
      const it = new Play(changes, emptyMembership(routes));
      for (const each of acts) {
        const before = it.membership;
        if (each.type === "wait") it.wait(each.ms);
        else it[each.type](each.instance);
        expectSound(it.membership);
        expectFaithful(before, it.membership);
      }
    };
    fc.assert(fc.property(fc.constantFrom(1, 2, 7, 24), policy, fc.array(act, { maxLength: 60 }), run), {
      numRuns: 500,
    });
  });

  it("ends with everybody active but the spares, once all who are there stay there", () => {
    const run = (
      changes: Partial<MembershipPolicy>,
      acts: readonly { type: "register" | "lose"; instance: string }[],
    ) => {
      const it = new Play(changes);
      for (const { type, instance: who } of acts) it[type](who);
      it.register("1a").register("2a").wait(60_000);
      const { members, active } = it.membership;
      expect(members.every(({ lostMs }) => lostMs === null)).toBe(true);
      expect(active).toHaveLength(Math.max(active.length, members.length - it.policy.spares, 1));
      expect(members.length - active.length).toBeLessThanOrEqual(it.policy.spares);
    };
    const acts = fc.array(fc.record({ type: fc.constantFrom("register" as const, "lose" as const), instance }));
    fc.assert(fc.property(policy, acts, run));
  });
});

/** The table is the algorithm's; a bridge is active once, and has a number of its own. */
function expectSound(membership: Membership): void {
  const { routes, active, members } = membership;
  const instances = members.map((member) => member.instance);
  expect(new Set(instances).size).toBe(instances.length);
  expect(new Set(members.map(({ node }) => node)).size).toBe(members.length);
  expect(new Set(active).size).toBe(active.length);
  expect(active.every((one) => instances.includes(one))).toBe(true);
  const cluster = clusterOf(membership);
  if (!cluster) return;
  const slots = active.length === 0 ? new Array<number>(routes).fill(0) : ownersOf(routes, active.length);
  const numbers = active.map((one) => members.find((member) => member.instance === one)?.node ?? 0);
  expect(cluster.owners).toEqual(slots.map((slot) => numbers[slot - 1] ?? 0));
}

/** What is told differs only with a greater epoch; and where nobody came or went, no route moves. */
function expectFaithful(before: Membership, after: Membership): void {
  const [old, now] = [clusterOf(before), clusterOf(after)];
  if (!old || !now) return;
  if (now.epoch === old.epoch) expect(now).toEqual(old);
  else expect(now.epoch).toBeGreaterThan(old.epoch);
  const moves = movesBetween(before, after);
  const [left, came] = [before.active.filter(isNotIn(after)), after.active.filter(isNotIn(before))];
  const held = movesBetween({ ...after, active: [] }, before).filter(({ to }) => left.includes(to));
  // Those who stay keep what they have, but for what a newcomer is due; nothing else moves.
  if (left.length === 0 && came.length === 0) expect(moves).toEqual([]);
  if (left.length === 0 && came.length === 1 && before.active.length > 0) {
    expect(moves).toHaveLength(Math.floor(after.routes / after.active.length));
    expect(moves.every(({ to }) => to === came[0])).toBe(true);
  }
  if (left.length === 1 && came.length === 1 && before.active.length === after.active.length) {
    expect(moves.every(({ from, to }) => from === left[0] && to === came[0])).toBe(true);
    expect(moves).toHaveLength(held.length);
  }
}

function isNotIn({ active }: Membership): (instance: string) => boolean {
  return (instance) => !active.includes(instance);
}

function movesBetween(before: Membership, after: Membership): { from: string; to: string }[] {
  const owner = ({ routes, active }: Membership, route: number) =>
    active.length === 0 ? "" : (active[(ownersOf(routes, active.length)[route - 1] ?? 0) - 1] ?? "");
  return Array.from({ length: after.routes }, (_, index) => ({
    from: owner(before, index + 1),
    to: owner(after, index + 1),
  })).filter(({ from, to }) => from !== to);
}
