import {
  clusterOf,
  emptyMembership,
  nextTickMs,
  step,
  type Membership,
  type MembershipEvent,
  type MembershipPolicy,
} from "../../../halod/membership.ts";

const POLICY: MembershipPolicy = {
  nodes: 1,
  formAfterMs: 30_000,
  spares: 0,
  failAfterMs: 500,
  graceMs: 10_000,
  maxBridges: 100,
};

/** Runs events one after the other, as a daemon would. */
export class Play {
  membership: Membership;
  readonly policy: MembershipPolicy;
  refusal: string | null = null;
  dead: readonly string[] = [];
  atMs = 1_000;

  constructor(policy: Partial<MembershipPolicy> = {}, membership = emptyMembership(24)) {
    this.policy = { ...POLICY, ...policy };
    this.membership = membership;
  }

  do(event: MembershipEvent): this {
    const { membership, refusal, dead } = step(this.membership, event, this.atMs, this.policy);
    this.membership = membership;
    this.refusal = refusal;
    this.dead = dead;
    return this;
  }

  /** A bridge whose instance is its number and a letter. */
  register(instance: string, epoch = 0): this {
    const node = Number.parseInt(instance, 10);
    return this.do({ type: "register", bridge: { node, instance, address: `b${node}:7070` }, epoch });
  }

  lose(instance: string): this {
    return this.do({ type: "lost", instance });
  }

  leave(instance: string): this {
    return this.do({ type: "leave", instance });
  }

  /** It goes because it is not needed any more. */
  surplus(instance: string): this {
    return this.do({ type: "leave", instance, isSurplus: true });
  }

  /** Lets time pass, with every tick that is due on the way. */
  wait(ms: number): this {
    const end = this.atMs + ms;
    for (;;) {
      const nextMs = nextTickMs(this.membership, this.policy);
      if (nextMs === null || nextMs > end) break;
      this.atMs = Math.max(this.atMs, nextMs);
      this.do({ type: "tick" });
    }
    this.atMs = end;
    return this;
  }

  /** Who owns the routes, one character each. */
  get owners(): string {
    return clusterOf(this.membership)?.owners.join("") ?? "none";
  }

  get states(): string {
    return (
      clusterOf(this.membership)
        ?.nodes.map(({ node, state }) => `${node} ${state}`)
        .join(", ") ?? "none"
    );
  }
}
