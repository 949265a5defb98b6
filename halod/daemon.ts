import type { Logger } from "pino";
import { type Frame, type Link, type LinkClient, type LinkOwner, LinkServer } from "../link/index.ts";
import { Autoscaler } from "./autoscaler.ts";
import { controlPayload, isInstance, parseRequest, type ControlRequest } from "./control.ts";
import { Council } from "./council.ts";
import { listeningOf, type HaloDaemonOptions } from "./daemon-options.ts";
import { clusterOf, emptyMembership, nextTickMs, step, type Membership, type MembershipEvent } from "./membership.ts";
import { peerClient } from "./peer-client.ts";
import { Planner } from "./planner.ts";
import { Numbers } from "./numbers.ts";
import { Protections } from "./protections.ts";
import { Publisher } from "./publisher.ts";
import { Register, voterOf, type Entry } from "./register.ts";
import { membershipOf } from "./saved-table.ts";
import { statusOf } from "./status.ts";
import { forgetOthers, VoteStore, type Saved } from "./store.ts";
import { Viewers } from "./viewers.ts";
import type { SavedTable } from "./vote.ts";

/** HaloD: bridges and dispatchers connect to it, bridges register, and everybody is told who owns which route. */
export class HaloDaemon implements LinkOwner, AsyncDisposable {
  readonly #options: HaloDaemonOptions;
  readonly #log: Logger;
  readonly #council: Council;
  readonly #publisher: Publisher;
  readonly #planner: Planner;
  readonly #autoscaler: Autoscaler;
  readonly #numbers = new Numbers();
  readonly #register = new Register();
  readonly #protections = new Protections();
  readonly #viewers: Viewers;
  readonly #peer: LinkClient | null;
  #membership: Membership;
  /** Else another HaloD does, or nobody. */
  #isActing = false;
  /** The viewers wait until everybody has been told. */
  #isShowing = false;
  #server: LinkServer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  private constructor(options: HaloDaemonOptions, store: VoteStore, saved: Saved) {
    const { config, now, log, routes, environment = {} } = options;
    this.#options = options;
    this.#log = log.child({ component: "halod" });
    this.#membership = emptyMembership(routes);
    this.#council = new Council({
      ...{ saved, store, config, now, log: this.#log, random: Math.random },
      voters: () => this.#register.votersWith(this.#membership.members),
      onActing: (table, epoch) => this.#onActing(table, epoch),
      onResting: () => this.#onResting(),
    });
    const shared = { now, log: this.#log, membership: this.#membership };
    const links = () => this.#register.entries.map(({ link }) => link);
    this.#publisher = new Publisher({ ...shared, council: this.#council, links });
    const planning = { publisher: this.#publisher, links: this.#register.links, prepareMs: config.prepareMs };
    this.#planner = new Planner({ ...shared, ...planning });
    this.#viewers = new Viewers({ membership: this.#membership, now });
    const membership = () => this.#membership;
    this.#autoscaler = new Autoscaler({ config, log, now, environment, membership, isActing: () => this.#isActing });
    this.#peer = config.standbyOf === "" ? null : peerClient(options, this.#council);
  }

  /** @throws StoreError where the file cannot be carried on from; ListenError where the port cannot be opened */
  static async start(options: HaloDaemonOptions): Promise<HaloDaemon> {
    const { config, routes, log, randomBytes } = options;
    const store = new VoteStore(config.file);
    const saved = await store.read(routes, randomBytes(9).toString("base64url"));
    const daemon = new HaloDaemon(options, store, forgetOthers(saved, config.withoutOthers, log));
    daemon.#server = await LinkServer.listen({ ...listeningOf(options), owner: daemon });
    const table = saved.vote.accepted?.table;
    if (table) daemon.#log.info({ epoch: table.epoch, bridges: table.bridges.length }, "file found");
    daemon.#council.start();
    daemon.#peer?.start();
    daemon.#autoscaler.start();
    return daemon;
  }

  /** The port that is listened on. */
  get port(): number {
    return this.#server?.port ?? this.#options.config.port;
  }

  /** Whether this one makes the tables. */
  get isActing(): boolean {
    return this.#isActing;
  }

  /** Whether it is asked, and may take over. */
  get hasSay(): boolean {
    return this.#council.hasSay;
  }

  /** Nothing moves: whoever is told "goodbye" by HaloD keeps the table that it has. Safe to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#planner.stop();
    this.#viewers.stop();
    await this.#peer?.[Symbol.asyncDispose]();
    await this.#autoscaler[Symbol.asyncDispose]();
    await this.#server?.[Symbol.asyncDispose]();
    // What is being agreed to is given up, and nothing else is begun.
    await Promise.all([this.#publisher[Symbol.asyncDispose](), this.#council[Symbol.asyncDispose]()]);
  }

  onUp(link: Link): void {
    // All others have to say what they want.
    if (link.peer.role === "halod") this.#council.greet(link);
  }

  onFrame(link: Link, frame: Frame): void {
    const request = frame.type === "control" ? parseRequest(frame.payload) : null;
    if (request && (this.#council.onRequest(link, request) || this.#onRequest(link, request))) return;
    this.#refuse(link, "a control frame that is none of this version of HaloD");
  }

  onDrain(link: Link): void {
    this.#council.onDrain(link);
    if (this.#isActing && this.#register.has(link)) this.#publisher.catchUp(link);
  }

  onDown(link: Link, _reason: string, isOrderly: boolean): void {
    const { instance, role } = link.peer;
    this.#numbers.release(link);
    if (this.#isStopped) return;
    this.#council.went(link, isOrderly);
    if (!this.#register.remove(link)) return;
    this.#viewers.went(link);
    this.#protections.went(instance);
    if (role === "bridge") this.#apply(isOrderly ? this.#leaving(instance) : { type: "lost", instance });
    else this.#planner.went(instance);
  }

  /** @returns whether it is one of a member, or of whoever asks */
  #onRequest(link: Link, request: ControlRequest): boolean {
    switch (request.type) {
      case "register":
        this.#onRegister(link, request);
        return true;
      case "leave":
        this.#leave(link);
        return true;
      case "prepared":
        this.#planner.prepared(link.peer.instance, request.epoch);
        return true;
      case "number":
        this.#giveNumber(link, request.instance, request.node);
        return true;
      case "status":
        link.send({ type: "control", payload: controlPayload(this.#status) });
        return true;
      case "report":
        if (!this.#register.has(link)) return true;
        this.#viewers.report(link, request);
        this.#protections.report(link.peer.instance, request.protection ?? null);
        this.#autoscaler.onLoad(link.peer.instance, request);
        return true;
      case "watch":
        if (this.#register.has(link)) this.#viewers.watch(link, request.isOn);
        return true;
      default:
        return false;
    }
  }

  get #status() {
    const { now, config, routes } = this.#options;
    const known = this.#council.table;
    const seen = known ? membershipOf(known, this.#register.isLinked, now(), 0) : emptyMembership(routes);
    const standing = { ...this.#council.standing, of: config.standbyOf };
    const [membership, protections] = this.#isActing ? [this.#membership, this.#protections] : [seen];
    return statusOf(membership, this.#register.dispatchers, { standing, protections });
  }

  #onRegister(link: Link, { address = "", epoch, promised }: ControlRequest & { type: "register" }): void {
    const { instance, role, node, name } = link.peer;
    const { dispatchers, links } = this.#register;
    if (!isInstance(instance)) return this.#refuse(link, `${instance} is not the name of an instance`);
    if (role === "dispatcher" && !links.has(instance) && dispatchers >= this.#options.config.maxDispatchers)
      return this.#refuse(link, `there are ${dispatchers} dispatchers already, which is halod.maxDispatchers`);
    if (role === "bridge" && address === "") return this.#refuse(link, `bridge ${name} does not say where it listens`);
    const entry = { link, address, epoch };
    const refusal = this.#enter(entry);
    if (refusal !== null) return this.#refuse(link, refusal);
    this.#register.add(entry);
    if (role === "dispatcher") this.#viewers.came(link);
    else this.#log.info({ node, instance, address }, "bridge registered");
    this.#council.came(link, voterOf(link), promised ?? null);
    if (this.#isActing) this.#publisher.catchUp(link);
  }

  /** @returns why it was refused */
  #enter({ link, address, epoch }: Entry): string | null {
    const { role, node, instance } = link.peer;
    return this.#apply(
      role === "bridge" ? { type: "register", bridge: { node, address, instance }, epoch } : { type: "seen", epoch },
    );
  }

  #giveNumber(link: Link, instance: string, wanted: number): void {
    if (!this.#isActing) {
      link.send({ type: "control", payload: controlPayload({ type: "standby" }) });
      return;
    }
    const most = Math.min(this.#options.routes, this.#options.config.maxBridges);
    const node = this.#numbers.give(link, instance, wanted, this.#membership.members, most);
    if (node === null) return this.#refuse(link, `all numbers up to ${most} are taken`);
    this.#log.info({ node, instance, bridge: link.peer.name }, "number given");
    link.send({ type: "control", payload: controlPayload({ type: "number", node }) });
  }

  #leave(link: Link): void {
    const { instance, node } = link.peer;
    this.#log.info({ node, instance }, "bridge leaves");
    if (!this.#isActing) return;
    this.#apply(this.#leaving(instance));
    // It may not have agreed yet, and has to know who comes for its sessions before it goes.
    this.#planner.whenTold(() => {
      this.#publisher.catchUp(link);
      link.send({ type: "control", payload: controlPayload({ type: "left" }) });
    });
  }

  #leaving(instance: string): MembershipEvent {
    return { type: "leave", instance, isSurplus: this.#autoscaler.isSurplus };
  }

  #refuse(link: Link, text: string): void {
    this.#options.faults.count("halod.refused", "registration refused", { peer: link.peer.name, reason: text });
    link.send({ type: "control", payload: controlPayload({ type: "refused", text: text.slice(0, 1_000) }) });
  }

  #onActing(table: SavedTable | null, epoch: number): void {
    const { routes, now, config } = this.#options;
    const nowMs = Math.floor(now());
    this.#membership = table
      ? membershipOf(table, this.#register.isLinked, nowMs, config.graceMs)
      : emptyMembership(routes);
    this.#isActing = true;
    this.#publisher.reset(this.#membership);
    this.#planner.reset(this.#membership);
    this.#viewers.begin(this.#membership);
    const { entries } = this.#register;
    for (const { link } of entries) if (!this.#council.tells(link)) this.#publisher.catchUp(link);
    // Something newer was on its way, perhaps to somebody whom we cannot ask.
    if (epoch > this.#membership.epoch) this.#apply({ type: "seen", epoch });
    for (const entry of entries) {
      const refusal = this.#enter(entry);
      if (refusal !== null) this.#refuse(entry.link, refusal);
    }
    this.#show([]);
    this.#schedule();
  }

  #onResting(): void {
    this.#isActing = false;
    this.#publisher.reset(this.#membership);
    this.#planner.reset(this.#membership);
    this.#isShowing = false;
    this.#schedule();
  }

  /** @returns why it was refused; nothing happens where we do not act */
  #apply(event: MembershipEvent): string | null {
    if (!this.#isActing) return null;
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

  #schedule(): void {
    const { config, now } = this.#options;
    if (this.#timer) clearTimeout(this.#timer);
    const atMs = this.#isActing ? nextTickMs(this.#membership, config) : null;
    if (atMs === null || this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#apply({ type: "tick" }), Math.max(1, atMs - now())).unref();
  }
}
