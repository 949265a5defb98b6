/** What happened between two states of the cluster, in words for people. */
import { clusterOf, type Member, type Membership } from "./membership.ts";

/** One line of it. */
export interface Change {
  readonly text: string;
  /** How many routes have another owner since. */
  readonly moved: number;
}

/** So many are named in one line. */
const MAX_NAMED = 5;

/**
 * Compares two states.
 *
 * @param dead instances that were declared dead; whoever else is gone has left
 * @returns null where there is nothing to tell
 */
export function changeBetween(before: Membership, after: Membership, dead: ReadonlySet<string>): Change | null {
  if (!after.isFormed) return null;
  if (!before.isFormed) {
    const verb = after.active.length === 1 ? "has" : "share";
    const { members, active } = indexOf(after);
    const first = [...members.values()].filter(({ instance }) => active.has(instance));
    const text = `first table: ${named("bridge", numbers(first))} ${verb} ${counted(after.routes)}`;
    return { text, moved: 0 };
  }
  const [old, current] = [indexOf(before), indexOf(after)];
  const pairs = pairsOf(before.active, old, after.active, current);
  const words = [...replaced(pairs, old, current, dead), ...wentAndCame(pairs, old, current, dead)];
  if (words.length === 0) return null;
  const moved = movedBetween(before, after);
  return { text: `${words.join(", ")}${moved > 0 ? `: ${counted(moved)} moved` : ""}`, moved };
}

/** A state, with what is asked of it found without a search. */
interface Indexed {
  readonly members: ReadonlyMap<string, Member>;
  readonly active: ReadonlySet<string>;
}

/** Who sits in the slot of another now. */
function replaced(pairs: readonly Pair[], before: Indexed, after: Indexed, dead: ReadonlySet<string>): string[] {
  return pairs.flatMap(({ gone, successor }) => {
    const [old, current] = [before.members.get(gone), after.members.get(successor)];
    if (!old || !current) return [];
    if (old.node === current.node) return [`bridge ${old.node} was started again and keeps its routes`];
    const kind = before.members.has(successor) ? "spare" : "bridge";
    return [`bridge ${old.node} ${dead.has(gone) ? "died" : "left"}`, `${kind} ${current.node} took its place`];
  });
}

function wentAndCame(pairs: readonly Pair[], before: Indexed, after: Indexed, dead: ReadonlySet<string>): string[] {
  const told = new Set(pairs.flatMap(({ gone, successor }) => [gone, successor]));
  const gone = [...before.members.values()].filter(
    ({ instance }) => !after.members.has(instance) && !told.has(instance),
  );
  const here = [...after.members.values()].filter(({ instance }) => !told.has(instance));
  const wasActive = ({ instance }: Member) => before.active.has(instance);
  const isActive = ({ instance }: Member) => after.active.has(instance);
  const isNew = ({ instance }: Member) => !before.members.has(instance);
  const isDead = ({ instance }: Member) => dead.has(instance);
  const line = (kind: string, what: string, members: readonly Member[]) =>
    members.length === 0 ? [] : [`${named(kind, numbers(members))} ${what}`];
  const bridges = gone.filter(wasActive);
  const spares = gone.filter((one) => !wasActive(one));
  return [
    ...line("bridge", "died", bridges.filter(isDead)),
    ...line(
      "bridge",
      "left",
      bridges.filter((one) => !isDead(one)),
    ),
    ...line("spare", "died", spares.filter(isDead)),
    ...line(
      "spare",
      "left",
      spares.filter((one) => !isDead(one)),
    ),
    ...line(
      "bridge",
      "joined",
      here.filter((one) => isActive(one) && !wasActive(one)),
    ),
    ...line(
      "spare",
      "registered",
      here.filter((one) => !isActive(one) && isNew(one)),
    ),
  ];
}

/** An instance that is gone, and the one in its slot, which was not active before. */
interface Pair {
  readonly gone: string;
  readonly successor: string;
}

function pairsOf(slots: readonly string[], before: Indexed, slotsAfter: readonly string[], after: Indexed): Pair[] {
  return slots.flatMap((gone, slot) => {
    const successor = slotsAfter[slot];
    const isReplaced = successor !== undefined && !after.active.has(gone) && !before.active.has(successor);
    return isReplaced ? [{ gone, successor }] : [];
  });
}

function movedBetween(before: Membership, after: Membership): number {
  const owners = clusterOf(before)?.owners;
  return clusterOf(after)?.owners.filter((owner, index) => owner !== owners?.[index]).length ?? 0;
}

function indexOf({ members, active }: Membership): Indexed {
  return { members: new Map(members.map((member) => [member.instance, member])), active: new Set(active) };
}

function numbers(members: readonly Member[]): number[] {
  return members.map(({ node }) => node).toSorted((a, b) => a - b);
}

/** `bridge 3`, `bridges 3 and 4`, `bridges 1, 2, 3, 4, 5 and 1,019 more`. */
function named(kind: string, nodes: readonly number[]): string {
  const [first] = nodes;
  if (first === undefined || nodes.length === 1) return `${kind} ${first ?? "?"}`;
  const isLong = nodes.length > MAX_NAMED + 1;
  const shown = nodes.slice(0, isLong ? MAX_NAMED : -1).join(", ");
  const last = isLong ? `${(nodes.length - MAX_NAMED).toLocaleString("en-US")} more` : String(nodes.at(-1));
  return `${kind}s ${shown} and ${last}`;
}

function counted(routes: number): string {
  return `${routes.toLocaleString("en-US")} ${routes === 1 ? "route" : "routes"}`;
}
