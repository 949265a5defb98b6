import type { Logger } from "pino";
import {
  type FaultCounter,
  type Frame,
  type Link,
  LinkClient,
  splitAddress,
  type LinkConfig,
  type LinkOwner,
} from "../link/index.ts";
import type { Cluster, ClusterSource } from "./cluster.ts";
import { controlPayload, parseAnswer, type ControlAnswer } from "./control.ts";
import { MemberView, type OnPicture } from "./member-view.ts";
import { clusterOf } from "./membership.ts";
import type { MemberNumbers } from "./reports.ts";
import { membershipOf } from "./saved-table.ts";
import { tableShape, type FromHalod } from "./vote-messages.ts";
import { Voter } from "./voter.ts";

/** Who registers with HaloD. */
export type HaloMember =
  | {
      readonly role: "bridge";
      /** Its configured number, from 1 to the number of routes. */
      readonly node: number;
      /** host:port where dispatchers reach it. */
      readonly address: string;
      /** Random, one for each life of the process: up to 64 letters, digits and `._:-`. */
      readonly instance: string;
      /** For logs. */
      readonly name: string;
    }
  | { readonly role: "dispatcher"; readonly instance: string; readonly name: string };

export interface HaloClientOptions {
  /** host:port of HaloD, and of its standby where there is one. */
  readonly addresses: readonly string[];
  readonly member: HaloMember;
  /** Number of routes; the same in all processes. */
  readonly routes: number;
  readonly secret: string;
  readonly log: Logger;
  readonly link: LinkConfig;
  readonly faults: FaultCounter;
  /** Cryptographically random. */
  readonly randomBytes: (size: number) => Buffer;
  /** Uniform in [0, 1), for the waits between attempts. */
  readonly random: () => number;
  /** How busy the member is: told every second. Unset: it does not tell. */
  readonly numbers?: () => MemberNumbers;
}

/** How long HaloD may take to tell everybody that a bridge goes: others have to prepare for its routes first. */
const LEAVE_TIMEOUT_MS = 5_000;

/** A member's side of HaloD: registers, again whenever the link was lost, and hands on every newer table. */
export class HaloClient implements ClusterSource, LinkOwner {
  readonly #options: HaloClientOptions;
  readonly #log: Logger;
  /** One for each HaloD. */
  readonly #clients: readonly LinkClient[];
  readonly #voter = new Voter<Link>();
  readonly #view: MemberView;
  /** As the view knows it. */
  #acting: Link | null = null;
  #onCluster: ((cluster: Cluster) => void) | null = null;
  #onPlan: ((plan: Cluster, prepared: () => void) => void) | null = null;
  /** Of the last table that was handed on. */
  #epoch = 0;
  #isLeaving = false;
  /** Settles the wait for `left`. */
  #onLeft: ((isTold: boolean) => void) | null = null;
  #refusal: string | null = null;

  /** @throws RangeError where there are not one or two addresses */
  constructor(options: HaloClientOptions) {
    const { addresses, member, routes, secret, log, link, faults, randomBytes, random } = options;
    if (addresses.length < 1 || addresses.length > 2)
      throw new RangeError(`HaloD is at one address, or at two with a standby, not at ${addresses.length}`);
    this.#options = options;
    this.#log = log.child({ component: "halod-client" });
    const { role, instance, name } = member;
    const peer = { role, name, instance, routes, node: role === "bridge" ? member.node : 0, nodes: routes };
    const shared = { peer, serverRole: "halod", secret, owner: this, log, faults, randomBytes, random } as const;
    this.#view = new MemberView(() => this.#link, options.numbers ?? null);
    this.#clients = addresses.map((address) => new LinkClient({ ...shared, ...splitAddress(address), config: link }));
  }

  /** Whether the HaloD that acts can be reached at the moment; the last table stays in force while it cannot. */
  get isUp(): boolean {
    return this.#link !== null;
  }

  /** To the HaloD that acts, as far as we know. A HaloD alone need not say that it does. */
  get #link(): Link | null {
    const [first, ...more] = this.#clients;
    return more.length === 0 ? (first?.link ?? null) : this.#voter.acting;
  }

  /** Why HaloD does not let us register; null while it does, and while it is not known. */
  get refusal(): string | null {
    return this.#refusal;
  }

  start(onCluster: (cluster: Cluster) => void, onPlan?: (plan: Cluster, prepared: () => void) => void): void {
    this.#onCluster = onCluster;
    this.#onPlan = onPlan ?? null;
    for (const client of this.#clients) client.start();
    this.#view.start();
  }

  /** Tells HaloD at once how the member is, not only every second. */
  tell(): void {
    this.#view.tell();
  }

  /** Asks for pictures of the stack. @param onPicture null: no more of them */
  watch(onPicture: OnPicture | null): void {
    this.#view.watch(onPicture);
  }

  /**
   * A bridge that stops says so: its routes go to others as soon as these have prepared.
   *
   * @returns whether everybody has been told; not so where HaloD is away or takes too long
   */
  async leave(timeoutMs = LEAVE_TIMEOUT_MS): Promise<boolean> {
    const link = this.#link;
    if (this.#isLeaving) return false;
    this.#isLeaving = true;
    if (!link) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#onLeft = resolve;
    const timer = setTimeout(() => resolve(false), timeoutMs).unref();
    link.send({ type: "control", payload: controlPayload({ type: "leave" }) });
    const isTold = await promise;
    clearTimeout(timer);
    return isTold;
  }

  /** For a bridge that has not left it means the same, when HaloD reads of it. Safe before `start`, and to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#onCluster = null;
    this.#onPlan = null;
    this.#view.stop();
    this.#onLeft?.(false);
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
  }

  onUp(link: Link): void {
    if (this.#isLeaving) return;
    const { member } = this.#options;
    const address = member.role === "bridge" ? { address: member.address } : {};
    const promised = this.#voter.promised ? { promised: this.#voter.promised } : {};
    const registration = { type: "register", ...address, epoch: this.#epoch, ...promised } as const;
    link.send({ type: "control", payload: controlPayload(registration) });
    this.#look();
  }

  onFrame(link: Link, frame: Frame): void {
    const answer = frame.type === "control" ? parseAnswer(frame.payload) : null;
    if (answer && this.#isFit(answer)) {
      this.#onAnswer(link, answer);
      return;
    }
    this.#complain(link);
  }

  onDrain(): void {
    // What we send is short.
  }

  onDown(link: Link): void {
    this.#voter.onDown(link);
    if (this.#acting !== link) return;
    this.#onLeft?.(false);
    this.#look();
  }

  /** Whoever acts is told how busy we are, and tells us pictures. */
  #look(): void {
    const link = this.#link;
    if (this.#acting === link) return;
    if (this.#acting) this.#view.onDown();
    this.#acting = link;
    if (link) this.#view.onUp();
  }

  #onVote(link: Link, message: FromHalod): void {
    const { answer, table } = this.#voter.onMessage(link, message, performance.now());
    if (answer) link.send({ type: "control", payload: controlPayload(answer) });
    this.#look();
    if (!table) return;
    const { data } = tableShape.safeParse(table);
    // Nobody is lost in what everybody is told.
    const cluster = data && clusterOf(membershipOf(data, () => true, 0, 0));
    if (cluster) this.#follow(cluster);
    else this.#complain(link);
  }

  #complain(link: Link): void {
    this.#options.faults.count("halod.malformed", "link to HaloD closed, it said what makes no sense");
    link.close("HaloD said what makes no sense");
  }

  #follow(cluster: Cluster): void {
    this.#refusal = null;
    if (cluster.epoch <= this.#epoch) return;
    this.#epoch = cluster.epoch;
    this.#onCluster?.(cluster);
  }

  #onAnswer(link: Link, answer: ControlAnswer): void {
    switch (answer.type) {
      case "cluster":
        this.#follow(answer.cluster);
        return;
      case "plan":
        this.#plan(link, answer.cluster);
        return;
      case "left":
        this.#onLeft?.(true);
        return;
      case "refused":
        // The same again is no news. The link client waits longer each time.
        if (this.#refusal !== answer.text) this.#log.error({ reason: answer.text }, "HaloD refused us, trying again");
        this.#refusal = answer.text;
        link.close("HaloD refused us");
        return;
      case "status":
      case "number":
      case "standby":
        return;
      case "ask":
      case "propose":
      case "commit":
      case "beat":
        this.#onVote(link, answer);
        return;
      case "picture":
        // One that does not act any more has an old one.
        if (link === this.#link) this.#view.onPicture(answer.picture);
        return;
    }
  }

  #plan(link: Link, plan: Cluster): void {
    const { epoch } = plan;
    const prepared = () => {
      link.send({ type: "control", payload: controlPayload({ type: "prepared", epoch }) });
    };
    // Whoever does nothing with plans is ready for all of them.
    if (this.#onPlan && epoch > this.#epoch) this.#onPlan(plan, prepared);
    else prepared();
  }

  #isFit(answer: ControlAnswer): boolean {
    const { routes } = this.#options;
    if (answer.type === "propose") return answer.proposal.table.routes === routes;
    return (answer.type !== "cluster" && answer.type !== "plan") || answer.cluster.owners.length === routes;
  }
}
