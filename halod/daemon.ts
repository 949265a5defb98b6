import type { Logger } from "pino";
import {
  type FaultCounter,
  type Frame,
  type Link,
  type LinkConfig,
  type LinkOwner,
  LinkServer,
} from "../link/index.ts";
import { Autoscaler } from "./autoscaler.ts";
import type { Environment } from "./command.ts";
import type { HalodConfig } from "./config.ts";
import { controlPayload, isInstance, parseRequest, type ControlRequest } from "./control.ts";
import { clusterOf, emptyMembership, nextTickMs, step, type Membership, type MembershipEvent } from "./membership.ts";
import { Planner } from "./planner.ts";
import { Numbers } from "./numbers.ts";
import { Publisher } from "./publisher.ts";
import { statusOf } from "./status.ts";
import { MembershipStore } from "./store.ts";
import { Viewers } from "./viewers.ts";

export interface HaloDaemonOptions {
  readonly config: HalodConfig;
  /** Number of routes; the same in all processes. */
  readonly routes: number;
  readonly secret: string;
  /** For logs. */
  readonly name: string;
  /** Random, one for each life of the process. */
  readonly instance: string;
  readonly link: LinkConfig;
  readonly faults: FaultCounter;
  readonly log: Logger;
  /** Milliseconds since 1970 that only grow. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** What commands of the autoscaler are run with; nothing where unset. */
  readonly environment?: Environment;
}

/** A byte is asked for so often within the time after which silence counts as a loss. */
const BEATS = 4;

/** HaloD: bridges and dispatchers connect to it, bridges register, and everybody is told who owns which route. */
export class HaloDaemon implements LinkOwner, AsyncDisposable {
  readonly #options: HaloDaemonOptions;
  readonly #log: Logger;
  readonly #publisher: Publisher;
  readonly #planner: Planner;
  readonly #autoscaler: Autoscaler;
  readonly #numbers = new Numbers();
  /** The bridges that have registered, and dispatchers; a process has one link. */
  readonly #registered = new Map<string, Link>();
  readonly #viewers: Viewers;
  #membership: Membership;
  /** The viewers wait until everybody has been told. */
  #isShowing = false;
  #server: LinkServer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #dispatchers = 0;
  #isStopped = false;

  private constructor(options: HaloDaemonOptions, store: MembershipStore, membership: Membership) {
    this.#options = options;
    this.#log = options.log.child({ component: "halod" });
    this.#membership = membership;
    this.#publisher = new Publisher({ store, log: this.#log, membership, links: () => this.#bridgesFirst() });
    const { config, now, log, environment = {} } = options;
    const shared = { now, log: this.#log, membership, publisher: this.#publisher, links: this.#registered };
    this.#planner = new Planner({ ...shared, prepareMs: config.prepareMs });
    this.#viewers = new Viewers({ membership, now });
    this.#autoscaler = new Autoscaler({ config, log, now, environment, membership: () => this.#membership });
  }

  /** @throws StoreError where the file cannot be carried on from; ListenError where the port cannot be opened */
  static async start(options: HaloDaemonOptions): Promise<HaloDaemon> {
    const { config, routes, now, link, name, instance, secret, faults, log, randomBytes } = options;
    const store = new MembershipStore(config.file);
    const saved = await store.read(routes, now());
    const daemon = new HaloDaemon(options, store, saved ?? emptyMembership(routes));
    daemon.#server = await LinkServer.listen({
      host: config.host,
      port: config.port,
      peer: { role: "halod", name, instance, routes, node: 0, nodes: routes },
      secret,
      owner: daemon,
      log,
      faults,
      config: {
        ...link,
        heartbeatMs: Math.ceil(config.silenceMs / BEATS),
        deadAfterMs: config.silenceMs,
        // After a restart all of them come at once, and who is not let in comes later, perhaps too late.
        maxUnproven: Math.max(link.maxUnproven, config.maxBridges),
      },
      randomBytes,
    });
    daemon.#autoscaler.start();
    if (saved) daemon.#log.info({ epoch: saved.epoch, bridges: saved.members.length }, "carried on from the file");
    return daemon;
  }

  /** The port that is listened on. */
  get port(): number {
    return this.#server?.port ?? this.#options.config.port;
  }

  /** Nothing moves: whoever is told "goodbye" by HaloD keeps the table that it has. Safe to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#planner.stop();
    this.#viewers.stop();
    await this.#autoscaler[Symbol.asyncDispose]();
    await this.#server?.[Symbol.asyncDispose]();
    await this.#publisher[Symbol.asyncDispose]();
  }

  onUp(): void {
    // It has to say what it wants.
  }

  onFrame(link: Link, frame: Frame): void {
    const request = frame.type === "control" ? parseRequest(frame.payload) : null;
    if (request) this.#onRequest(link, request);
    else this.#refuse(link, "a control frame that is none of this version of HaloD");
  }

  onDrain(link: Link): void {
    this.#publisher.catchUp(link);
  }

  onDown(link: Link, _reason: string, isOrderly: boolean): void {
    const { instance, role } = link.peer;
    this.#numbers.release(link);
    if (this.#isStopped || !this.#registered.delete(instance)) return;
    this.#viewers.went(link);
    if (role !== "bridge") {
      this.#dispatchers--;
      this.#planner.went(instance);
    } else if (isOrderly) this.#apply({ type: "leave", instance, isSurplus: this.#autoscaler.isSurplus });
    else this.#apply({ type: "lost", instance });
  }

  #onRequest(link: Link, request: ControlRequest): void {
    switch (request.type) {
      case "register":
        this.#register(link, request.address, request.epoch);
        return;
      case "leave":
        this.#leave(link);
        return;
      case "prepared":
        this.#planner.prepared(link.peer.instance, request.epoch);
        return;
      case "number":
        this.#giveNumber(link, request.instance, request.node);
        return;
      case "status": {
        const status = statusOf(this.#membership, this.#dispatchers);
        link.send({ type: "control", payload: controlPayload(status) });
        return;
      }
      case "report":
        if (!this.#isRegistered(link)) return;
        this.#viewers.report(link, request);
        this.#autoscaler.onLoad(link.peer.instance, request);
        return;
      case "watch":
        if (this.#isRegistered(link)) this.#viewers.watch(link, request.isOn);
    }
  }

  #register(link: Link, address: string | undefined, epoch: number): void {
    const { instance, role, node, name } = link.peer;
    const isKnown = this.#registered.has(instance);
    if (!isInstance(instance)) return this.#refuse(link, `${instance} is not the name of an instance`);
    if (role === "dispatcher") {
      if (!isKnown && this.#dispatchers >= this.#options.config.maxDispatchers)
        return this.#refuse(link, `there are ${this.#dispatchers} dispatchers already, which is halod.maxDispatchers`);
      if (!isKnown) this.#dispatchers++;
      this.#registered.set(instance, link);
      this.#viewers.came(link);
      this.#apply({ type: "seen", epoch });
    } else {
      if (address === undefined) return this.#refuse(link, `bridge ${name} does not say where it listens`);
      const refusal = this.#apply({ type: "register", bridge: { node, address, instance }, epoch });
      if (refusal !== null) return this.#refuse(link, refusal);
      this.#registered.set(instance, link);
      this.#log.info({ node, instance, address }, "bridge registered");
    }
    this.#publisher.catchUp(link);
  }

  #giveNumber(link: Link, instance: string, wanted: number): void {
    const most = Math.min(this.#options.routes, this.#options.config.maxBridges);
    const node = this.#numbers.give(link, instance, wanted, this.#membership.members, most);
    if (node === null) return this.#refuse(link, `all numbers up to ${most} are taken`);
    this.#log.info({ node, instance, bridge: link.peer.name }, "number given");
    link.send({ type: "control", payload: controlPayload({ type: "number", node }) });
  }

  #leave(link: Link): void {
    const { instance, node } = link.peer;
    this.#log.info({ node, instance }, "bridge leaves");
    this.#apply({ type: "leave", instance, isSurplus: this.#autoscaler.isSurplus });
    this.#planner.whenTold(() => {
      link.send({ type: "control", payload: controlPayload({ type: "left" }) });
    });
  }

  /** A bridge that knows the newest table serves what dispatchers send it by that. */
  *#bridgesFirst(): Generator<Link> {
    for (const link of this.#registered.values()) if (link.peer.role === "bridge") yield link;
    for (const link of this.#registered.values()) if (link.peer.role !== "bridge") yield link;
  }

  #refuse(link: Link, text: string): void {
    this.#options.faults.count("halod.refused", "registration refused", { peer: link.peer.name, reason: text });
    link.send({ type: "control", payload: controlPayload({ type: "refused", text: text.slice(0, 1_000) }) });
  }

  /** @returns why it was refused */
  #apply(event: MembershipEvent): string | null {
    const { config, now } = this.#options;
    const { membership, refusal, dead } = step(this.#membership, event, Math.floor(now()), config);
    for (const instance of dead) {
      const member = this.#membership.members.find((each) => each.instance === instance);
      this.#log.warn({ node: member?.node, instance, address: member?.address }, "bridge is dead");
    }
    if (clusterOf(membership) && !this.#membership.isFormed)
      this.#log.info({ active: membership.active.length }, "first table made");
    this.#membership = membership;
    this.#planner.next(membership);
    this.#show(dead);
    this.#schedule();
    return refusal;
  }

  /** Nobody sees what a restart could take back. */
  #show(dead: readonly string[]): void {
    this.#viewers.died(dead);
    if (this.#isShowing) return;
    this.#isShowing = true;
    this.#planner.whenTold(() => {
      this.#isShowing = false;
      this.#viewers.show(this.#membership);
    });
  }

  #isRegistered(link: Link): boolean {
    return this.#registered.get(link.peer.instance) === link;
  }

  #schedule(): void {
    const { config, now } = this.#options;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const atMs = nextTickMs(this.#membership, config);
    if (atMs === null || this.#isStopped) return;
    this.#timer = setTimeout(
      () => {
        this.#apply({ type: "tick" });
      },
      Math.max(1, atMs - now()),
    ).unref();
  }
}
