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
import type { MemberNumbers } from "./reports.ts";

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
  /** host:port of HaloD; exactly one in this version. */
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
  readonly #client: LinkClient;
  readonly #view: MemberView;
  #onCluster: ((cluster: Cluster) => void) | null = null;
  #onPlan: ((plan: Cluster, prepared: () => void) => void) | null = null;
  /** Of the last table that was handed on. */
  #epoch = 0;
  #isLeaving = false;
  /** Settles the wait for `left`. */
  #onLeft: ((isTold: boolean) => void) | null = null;
  #refusal: string | null = null;

  /** @throws RangeError where there is not one address */
  constructor(options: HaloClientOptions) {
    const { addresses, member, routes, secret, log, link, faults, randomBytes, random } = options;
    const [first = "", ...more] = addresses;
    if (first === "" || more.length > 0)
      throw new RangeError(`HaloD is at one address in this version, not at ${addresses.length}`);
    this.#options = options;
    this.#log = log.child({ component: "halod-client" });
    const { role, instance, name } = member;
    this.#view = new MemberView(() => this.#client.link, options.numbers ?? null);
    this.#client = new LinkClient({
      ...splitAddress(first),
      peer: { role, name, instance, routes, node: role === "bridge" ? member.node : 0, nodes: routes },
      serverRole: "halod",
      secret,
      owner: this,
      log,
      faults,
      config: link,
      randomBytes,
      random,
    });
  }

  /** Whether HaloD can be reached at the moment; the last table stays in force while it cannot. */
  get isUp(): boolean {
    return this.#client.link !== null;
  }

  /** Why HaloD does not let us register; null while it does, and while it is not known. */
  get refusal(): string | null {
    return this.#refusal;
  }

  start(onCluster: (cluster: Cluster) => void, onPlan?: (plan: Cluster, prepared: () => void) => void): void {
    this.#onCluster = onCluster;
    this.#onPlan = onPlan ?? null;
    this.#client.start();
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
    const { link } = this.#client;
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
    await this.#client[Symbol.asyncDispose]();
  }

  onUp(link: Link): void {
    if (this.#isLeaving) return;
    const { member } = this.#options;
    const address = member.role === "bridge" ? { address: member.address } : {};
    link.send({ type: "control", payload: controlPayload({ type: "register", ...address, epoch: this.#epoch }) });
    this.#view.onUp();
  }

  onFrame(link: Link, frame: Frame): void {
    const answer = frame.type === "control" ? parseAnswer(frame.payload) : null;
    if (answer && this.#isFit(answer)) {
      this.#onAnswer(link, answer);
      return;
    }
    this.#options.faults.count("halod.malformed", "link to HaloD closed, it said what makes no sense");
    link.close("HaloD said what makes no sense");
  }

  onDrain(): void {
    // What we send is short.
  }

  onDown(): void {
    this.#onLeft?.(false);
    this.#view.onDown();
  }

  #onAnswer(link: Link, answer: ControlAnswer): void {
    switch (answer.type) {
      case "cluster":
        this.#refusal = null;
        if (answer.cluster.epoch <= this.#epoch) return;
        this.#epoch = answer.cluster.epoch;
        this.#onCluster?.(answer.cluster);
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
        return;
      case "picture":
        this.#view.onPicture(answer.picture);
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
    return (
      (answer.type !== "cluster" && answer.type !== "plan") || answer.cluster.owners.length === this.#options.routes
    );
  }
}
