/**
 * Who is in the cluster, and who owns what: a state machine without a clock. Every event carries its time, and gives a
 * new state; what it means for the table is the algorithm's (`slots.ts`), so the owners are always the table of as many
 * slots as there are active bridges.
 */
import type { Cluster } from "./cluster.ts";
import { ownersOf } from "./routes.ts";
import { join, leave, slotsOf, emptySlots, type Slots } from "./slots.ts";

/** What a bridge says of itself when it registers. */
export interface Registration {
  /** Its configured number, from 1. */
  readonly node: number;
  /** host:port where dispatchers reach it. */
  readonly address: string;
  /** Random, one for each life of the process. */
  readonly instance: string;
}

/** A bridge that has registered, and has neither left nor been declared dead. */
export interface Member extends Registration {
  /** When it registered; milliseconds since 1970. */
  readonly sinceMs: number;
  /** When its link was lost; null while there is one. */
  readonly lostMs: number | null;
}

/** All that HaloD knows of the bridges. Times are milliseconds that only grow. */
export interface Membership {
  readonly routes: number;
  /** Grows with every change of what `clusterOf` says. */
  readonly epoch: number;
  /** False until the first table is made. */
  readonly isFormed: boolean;
  /** The instances of the active bridges: the first is in slot 1. */
  readonly active: readonly string[];
  /** In the order in which they registered; who is not active is a spare. */
  readonly members: readonly Member[];
  /** When the epoch grew last. */
  readonly changedMs: number;
  /** When the first one registered; null before that. */
  readonly firstMs: number | null;
  /** Everybody's link had been lost, and they come back one after the other: who has not is not dead before that. */
  readonly graceUntilMs: number;
}

export interface MembershipPolicy {
  /** The first table is made when so many have registered … */
  readonly nodes: number;
  /** … or so long after the first one. */
  readonly formAfterMs: number;
  /** So many stay in reserve. */
  readonly spares: number;
  /** A bridge whose link has been lost for so long is dead. */
  readonly failAfterMs: number;
  /** How long all bridges have to come back, once the first one has, when all of them were gone. */
  readonly graceMs: number;
  readonly maxBridges: number;
}

export type MembershipEvent =
  /** @param epoch the last one that the bridge has seen, 0 for none */
  | { readonly type: "register"; readonly bridge: Registration; readonly epoch: number }
  /** Its link ended without a word. */
  | { readonly type: "lost"; readonly instance: string }
  /** It said that it goes. `isSurplus`: one less is wanted, so no spare takes its place, and all of these stay. */
  | { readonly type: "leave"; readonly instance: string; readonly isSurplus?: boolean }
  /** A dispatcher has seen a table of this epoch. */
  | { readonly type: "seen"; readonly epoch: number }
  /** Time has passed. */
  | { readonly type: "tick" };

/** What an event makes of a membership. */
export interface MembershipStep {
  readonly membership: Membership;
  /** Why a bridge may not register, for both operators; null where all is well. */
  readonly refusal: string | null;
  /** The instances that are dead now. */
  readonly dead: readonly string[];
}

/** Nobody has registered yet. */
export function emptyMembership(routes: number): Membership {
  const nobody = { active: [], members: [], firstMs: null };
  return { routes, epoch: 0, isFormed: false, changedMs: 0, graceUntilMs: 0, ...nobody };
}

/** What everybody is told; null before the first table. */
export function clusterOf({ isFormed, routes, epoch, active, members }: Membership): Cluster | null {
  if (!isFormed) return null;
  const numbers = new Map(members.map(({ instance, node }) => [instance, node]));
  const owners = slotOwners(routes, active.length).map((slot) => numbers.get(active[slot - 1] ?? "") ?? 0);
  const isActive = new Set(active);
  const nodes = members.map(({ node, address, instance, sinceMs }) => {
    const state = isActive.has(instance) ? ("active" as const) : ("spare" as const);
    return { node, address, instance, state, sinceMs };
  });
  return { epoch, owners, nodes };
}

/** When time alone will change something; null where it will not. */
export function nextTickMs(membership: Membership, policy: MembershipPolicy): number | null {
  const { isFormed, firstMs, members } = membership;
  const times = isAnyLinked(members) ? members.flatMap((member) => deadAtMs(member, membership, policy)) : [];
  if (!isFormed && firstMs !== null && isAnyLinked(members)) times.push(firstMs + policy.formAfterMs);
  return times.length === 0 ? null : Math.min(...times);
}

/** @param atMs when it happened */
export function step(
  before: Membership,
  event: MembershipEvent,
  atMs: number,
  policy: MembershipPolicy,
): MembershipStep {
  switch (event.type) {
    case "register":
      return register(before, event.bridge, event.epoch, atMs, policy);
    case "lost":
      // Before the first table there is nothing to hold for it.
      return before.isFormed
        ? done(withMember(before, event.instance, { lostMs: atMs }))
        : done(remove(before, event.instance, atMs));
    case "leave": {
      // Of spares beyond those that are asked for, one would come in the next moment: it rather takes the place at once.
      const isSurplus = event.isSurplus === true && sparesOf(before).length <= policy.spares;
      return done(settle(remove(before, event.instance, atMs, isSurplus ? null : undefined), atMs, policy));
    }
    case "seen":
      return done(outgrow(before, event.epoch, atMs));
    case "tick":
      return tick(before, atMs, policy);
  }
}

function register(
  before: Membership,
  bridge: Registration,
  epoch: number,
  atMs: number,
  policy: MembershipPolicy,
): MembershipStep {
  const known = before.members.find(({ instance }) => instance === bridge.instance);
  const namesake = before.members.find(({ node, instance }) => node === bridge.node && instance !== bridge.instance);
  const refusal = refuse(before, bridge, namesake, known, policy);
  if (refusal !== null) return { membership: before, refusal, dead: [] };

  let now = outgrow(before, epoch, atMs);
  // Everybody was gone, so it was rather we who were: the others have time to come back, too.
  if (!isAnyLinked(now.members) && now.members.some((member) => member !== known && member !== namesake))
    now = { ...now, graceUntilMs: atMs + policy.graceMs };
  if (known) {
    const { address } = bridge;
    if (known.address !== address) now = changed(now, {}, atMs);
    now = withMember(now, bridge.instance, { address, lostMs: null });
  } else {
    const member: Member = { ...bridge, sinceMs: atMs, lostMs: null };
    now = changed(now, { members: [...now.members, member], firstMs: now.firstMs ?? atMs }, atMs);
    // The process was started again: what was its own goes to it, and to nobody else.
    if (namesake) now = remove(now, namesake.instance, atMs, bridge.instance);
  }
  return { ...done(settle(form(now, atMs, policy), atMs, policy)), dead: namesake ? [namesake.instance] : [] };
}

function refuse(
  { members }: Membership,
  { node, instance }: Registration,
  namesake: Member | undefined,
  known: Member | undefined,
  { maxBridges }: MembershipPolicy,
): string | null {
  if (known && known.node !== node) return `instance ${instance} is node ${known.node} already, not ${node}`;
  if (namesake && namesake.lostMs === null) {
    const who = `node ${node} is the bridge at ${namesake.address}, which is alive`;
    return `${who}; give each bridge a bridge.node of its own (this one is instance ${instance})`;
  }
  if (!known && !namesake && members.length >= maxBridges)
    return `there are ${maxBridges} bridges already, which is halod.maxBridges`;
  return null;
}

function tick(before: Membership, atMs: number, policy: MembershipPolicy): MembershipStep {
  // With nobody left there is nobody to take over; and rather it is our own connection that is gone.
  const due = isAnyLinked(before.members)
    ? before.members.filter((member) => deadAtMs(member, before, policy).some((ms) => ms <= atMs))
    : [];
  let now = before;
  for (const { instance } of due) now = remove(now, instance, atMs);
  const dead = due.map(({ instance }) => instance);
  return { ...done(settle(form(now, atMs, policy), atMs, policy)), dead };
}

/** Makes the first table, when it is time: the bridges by their numbers, those with the highest stay in reserve. */
function form(before: Membership, atMs: number, policy: MembershipPolicy): Membership {
  const { isFormed, routes, members, firstMs } = before;
  const linked = members.filter(({ lostMs }) => lostMs === null);
  const isDue = firstMs !== null && atMs >= firstMs + policy.formAfterMs;
  if (isFormed || linked.length === 0 || (linked.length < policy.nodes && !isDue)) return before;
  const count = Math.min(routes, Math.max(1, linked.length - policy.spares));
  const active = linked
    .toSorted((a, b) => a.node - b.node)
    .slice(0, count)
    .map(({ instance }) => instance);
  return changed({ ...before, isFormed: true }, { active }, atMs);
}

/** Spares that are more than the policy asks for join, the oldest first. */
function settle(before: Membership, atMs: number, { spares }: MembershipPolicy): Membership {
  let now = before;
  // Who is lost may need a spare in a moment, and whoever joins now would move twice.
  if (!now.isFormed || now.members.some(({ instance, lostMs }) => lostMs !== null && now.active.includes(instance)))
    return now;
  for (;;) {
    const reserve = sparesOf(now);
    const [oldest] = reserve;
    const isWanted = reserve.length > spares || now.active.length === 0;
    if (oldest === undefined || !isWanted || now.active.length === now.routes) return now;
    const { cluster } = join(slots(now), oldest.instance);
    now = changed(now, { active: cluster.nodes }, atMs);
  }
}

/** Takes a bridge out; what it owned goes to a spare, or else as the algorithm says. @param successor null where no spare is to be used */
function remove(before: Membership, instance: string, atMs: number, successor?: string | null): Membership {
  if (!before.members.some((member) => member.instance === instance)) return before;
  const members = before.members.filter((member) => member.instance !== instance);
  const firstMs = members.length === 0 ? null : before.firstMs;
  if (!before.active.includes(instance)) {
    // Who goes is a spare, and one of the active ones becomes one instead: the last, since that moves the least.
    const last = successor === null && before.active.length > 1 ? before.active.at(-1) : undefined;
    const active = last === undefined ? before.active : leave(slots(before), last).cluster.nodes;
    return changed(before, { members, firstMs, active }, atMs);
  }
  const spare = successor === undefined ? sparesOf(before)[0]?.instance : (successor ?? undefined);
  const { cluster } = leave(slots(before), instance, spare);
  return changed(before, { members, firstMs, active: cluster.nodes }, atMs);
}

/** Those in reserve whose link is up, the oldest first. */
function sparesOf({ members, active }: Membership): Member[] {
  return members.filter(({ instance, lostMs }) => lostMs === null && !active.includes(instance));
}

function slots({ routes, active }: Membership): Slots {
  return active.length === 0 ? emptySlots(routes) : slotsOf(routes, active);
}

function slotOwners(routes: number, count: number): readonly number[] {
  return count === 0 ? emptySlots(routes).owners : ownersOf(routes, count);
}

/** After a state was lost, or an old one restored: nobody would take a table that is older than one that they have. */
function outgrow(before: Membership, epoch: number, atMs: number): Membership {
  return epoch > before.epoch ? changed({ ...before, epoch }, {}, atMs) : before;
}

function changed(before: Membership, changes: Partial<Membership>, atMs: number): Membership {
  return { ...before, ...changes, epoch: before.epoch + 1, changedMs: atMs };
}

function withMember(before: Membership, instance: string, changes: Partial<Member>): Membership {
  const members = before.members.map((member) => (member.instance === instance ? { ...member, ...changes } : member));
  return { ...before, members };
}

/** Grace is for those who have not come back since everybody was gone; who has been there since, and is lost again, has none. */
function deadAtMs({ lostMs }: Member, { graceUntilMs }: Membership, policy: MembershipPolicy): number[] {
  if (lostMs === null) return [];
  const deadMs = lostMs + policy.failAfterMs;
  return [lostMs <= graceUntilMs - policy.graceMs ? Math.max(deadMs, graceUntilMs) : deadMs];
}

function isAnyLinked(members: readonly Member[]): boolean {
  return members.some(({ lostMs }) => lostMs === null);
}

function done(membership: Membership): MembershipStep {
  return { membership, refusal: null, dead: [] };
}
