import { Chair } from "../../../halod/chair.ts";
import type { SavedTable } from "../../../halod/vote.ts";
import { Voter } from "../../../halod/voter.ts";
import { Halod, isBetween, keyOf, Member, pair, type End, type Message } from "./parties.ts";

const SILENCE_MS = 2_000;
const PATIENCE_MS = 500;

/** HaloDs, bridges and dispatchers on a network that loses, delays and cuts, by a clock of its own. */
export class Parliament {
  readonly one = new Halod("one", false);
  readonly two = new Halod("two", true);
  readonly halods = [this.one, this.two];
  readonly members: Member[];
  /** The tables that took effect, in their order. */
  readonly announced: SavedTable[] = [];
  nowMs = 0;
  readonly #parents = new Map<number, number>();
  readonly #random: () => number;
  readonly #cut = new Set<string>();
  #ends: End[] = [];
  #tokens = 0;

  /** @param random uniform in [0, 1): all that happens comes from it */
  constructor(bridges: number, dispatchers: number, random: () => number) {
    this.#random = random;
    this.members = [
      ...Array.from({ length: bridges }, (_, index) => new Member(`b${index + 1}`, index + 1)),
      ...Array.from({ length: dispatchers }, (_, index) => new Member(`d${index + 1}`, 0)),
    ];
  }

  /** The HaloDs that act. */
  get acting(): Halod[] {
    return this.halods.filter(({ chair }) => chair?.isActing);
  }

  startHalod(halod: Halod): void {
    if (halod.chair) return;
    const { id, isStandby, file: vote } = halod;
    const times = { patienceMs: PATIENCE_MS, silenceMs: SILENCE_MS };
    halod.chair = new Chair({ id, isStandby, vote, ...times, random: this.#random });
    halod.effects = [];
    halod.isFrozen = false;
    halod.chair.start(this.nowMs);
    this.#collect(halod);
  }

  killHalod(halod: Halod): void {
    halod.chair = null;
    halod.effects = [];
    halod.told = null;
    halod.turn = 0;
    this.#lose(halod);
  }

  /** A new process on the same machine. */
  restart(member: Member): void {
    this.#lose(member);
    member.life++;
    member.voter = new Voter();
    member.isAlive = true;
    member.table = null;
  }

  kill(member: Member): void {
    member.isAlive = false;
    this.#lose(member);
  }

  /** Nothing crosses between these two from now on, and what is under way is lost. */
  cut(a: Halod | Member, b: Halod | Member): void {
    this.#cut.add(pair(a, b));
    for (const end of this.#ends.filter((each) => isBetween(each, a, b))) {
      end.inbox = [];
      end.isBroken = true;
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  /** A link comes up, or one end notices that it is gone. */
  connect(): void {
    for (const end of this.#ends) {
      if (!end.isUp || (this.#isWhole(end) && !isSilent(end.other)) || this.#random() < 0.5) continue;
      end.isUp = false;
      this.#breakOff(end);
      if (end.owner instanceof Member) end.owner.voter.onDown(end);
      else this.#tell(end.owner, (chair) => chair.went(end.key, false));
    }
    this.#ends = this.#ends.filter((end) => end.isUp || this.#opposite(end)?.isUp);
    for (const halod of this.halods)
      for (const other of [...this.members, ...(halod === this.one ? [this.two] : [])]) this.#link(halod, other);
  }

  /** Something that waits happens: a message arrives, or a HaloD does what is next. @returns false where nothing waits */
  work(): boolean {
    const inboxes = this.#ends.filter(
      ({ inbox, isUp, owner }) => isUp && inbox.length > 0 && !(owner instanceof Halod && owner.isFrozen),
    );
    const busy = this.halods.filter(({ effects, isFrozen }) => effects.length > 0 && !isFrozen);
    const choice = Math.floor(this.#random() * (inboxes.length + busy.length));
    const end = inboxes[choice];
    if (end) this.#deliver(end);
    else {
      const halod = busy[choice - inboxes.length];
      if (!halod) return false;
      this.#execute(halod);
    }
    return true;
  }

  /** Until nothing waits any more. */
  settle(): void {
    for (let index = 0; index < 5_000 && this.work(); index++);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const halod of this.halods) {
      halod.silentMs = halod.isFrozen ? halod.silentMs + ms : 0;
      if (halod.isFrozen) continue;
      this.#tell(halod, (chair) => {
        chair.tick(this.nowMs);
        chair.beat();
      });
    }
  }

  /** Time passes until nothing happens any more. */
  rest(ms = 6_000): void {
    for (let passed = 0; passed < ms; passed += 250) {
      this.connect();
      this.settle();
      this.pass(250);
      this.settle();
    }
  }

  /** A HaloD that acts wants another table, of those that it can reach. */
  change(halod: Halod, isElectorateOnly = false): void {
    if (!halod.chair?.isActing || halod.turn === 0 || halod.isFrozen) return;
    const { table, turn } = halod;
    if (!isElectorateOnly || !table) {
      const token = ++this.#tokens;
      this.#parents.set(token, table?.changedMs ?? 0);
      halod.table = { routes: 1, epoch: (table?.epoch ?? 0) + 1, changedMs: token, active: [], bridges: [] };
    }
    const wanted = halod.table;
    const voters = this.#ends
      .filter(({ owner, other, isUp }) => owner === halod && other instanceof Member && isUp)
      .map(({ key }) => key);
    if (wanted) this.#tell(halod, (chair) => chair.want(turn, wanted, voters));
  }

  #link(halod: Halod, other: Halod | Member): void {
    const isThere = halod.chair && !halod.isFrozen && (other instanceof Member ? other.isAlive : other.chair);
    if (!isThere || this.#cut.has(pair(halod, other)) || this.#random() < 0.3) return;
    if (this.#ends.some((end) => isBetween(end, halod, other))) return;
    const here: End = { owner: halod, other, key: keyOf(other), inbox: [], isUp: true, isBroken: false };
    const there: End = { owner: other, other: halod, key: keyOf(halod), inbox: [], isUp: true, isBroken: false };
    this.#ends.push(here, there);
    if (other instanceof Member) {
      const { promised } = other.voter;
      this.#tell(halod, (chair) => chair.came(other.key, promised));
      if (halod.told && halod.chair?.isActing) there.inbox.push({ type: "cluster", table: halod.told });
    } else {
      for (const end of [here, there])
        if (end.other instanceof Halod && end.other.chair) end.inbox.push(end.other.chair.introduction);
    }
  }

  #deliver(end: End): void {
    const message = end.inbox.shift();
    if (!message) return;
    if (end.owner instanceof Member) this.#hear(end.owner, end, message);
    else
      this.#tell(end.owner, (chair) => {
        if (message.type === "halod") chair.onPeer(message);
        else if (message.type !== "cluster") chair.onMessage(end.key, message);
      });
  }

  #hear(member: Member, end: End, message: Message): void {
    switch (message.type) {
      case "cluster":
        return this.#follow(member, message.table);
      case "ask":
      case "propose":
      case "commit":
      case "beat": {
        const { answer, table } = member.voter.onMessage(end, message, this.nowMs);
        if (answer) this.#send(end, answer);
        if (table) this.#follow(member, table);
        return;
      }
      default:
        throw new Error(`a member was told ${message.type}`);
    }
  }

  #follow(member: Member, table: SavedTable): void {
    if (!this.announced.some((each) => each.changedMs === table.changedMs))
      throw new Error(`${member.name} follows a table that never took effect`);
    if (table.epoch > (member.table?.epoch ?? 0)) member.table = table;
  }

  #execute(halod: Halod): void {
    const effect = halod.effects.shift();
    if (!effect) return;
    switch (effect.type) {
      case "write":
        halod.file = effect.vote;
        return;
      case "send": {
        const end = this.#ends.find(({ owner, key }) => owner === halod && key === effect.to);
        if (end) this.#send(end, effect.message);
        return;
      }
      case "stored":
        return this.#tell(halod, (chair) => chair.onStored(effect.version));
      case "committed":
        halod.told = effect.proposal.table;
        return this.#announce(effect.proposal.table);
      case "acting":
        halod.turn = effect.turn;
        halod.table = effect.from?.table ?? null;
        // What was on its way is not to be taken for what comes now.
        if (halod.table && effect.epoch > halod.table.epoch) {
          const token = ++this.#tokens;
          this.#parents.set(token, halod.table.changedMs);
          halod.table = { ...halod.table, epoch: effect.epoch, changedMs: token };
          this.change(halod);
        }
        return;
      case "resting":
        halod.turn = 0;
        return;
    }
  }

  #send(end: End, message: Message): void {
    if (end.isUp && this.#isWhole(end)) this.#opposite(end)?.inbox.push(message);
  }

  /** @throws Error where another table of that epoch took effect, or where it does not come of the one before */
  #announce(table: SavedTable): void {
    const last = this.announced.at(-1);
    const same = this.announced.find(({ epoch }) => epoch === table.epoch);
    if (same?.changedMs === table.changedMs) return;
    if (same) throw new Error(`two tables of epoch ${table.epoch}: ${same.changedMs} and ${table.changedMs}`);
    let ancestor = table.changedMs;
    while (ancestor > 0 && ancestor !== last?.changedMs) ancestor = this.#parents.get(ancestor) ?? 0;
    if (last && ancestor === 0) throw new Error(`table ${last.epoch} was lost when ${table.epoch} took effect`);
    if (last && table.epoch < last.epoch) throw new Error(`${table.epoch} took effect after ${last.epoch}`);
    this.announced.push(table);
  }

  #tell(halod: Halod, act: (chair: Chair) => void): void {
    if (!halod.chair) return;
    act(halod.chair);
    this.#collect(halod);
  }

  #collect(halod: Halod): void {
    if (halod.chair) halod.effects.push(...halod.chair.take());
  }

  #lose(owner: Halod | Member): void {
    for (const end of this.#ends) {
      if (end.owner === owner) end.isUp = false;
      if (end.owner === owner || end.other === owner) end.inbox = [];
    }
  }

  #breakOff(end: End): void {
    for (const each of [end, this.#opposite(end)]) if (each) each.isBroken = true;
  }

  #isWhole(end: End): boolean {
    return !end.isBroken && this.#opposite(end)?.isUp === true;
  }

  #opposite(end: End): End | undefined {
    return this.#ends.find(({ owner, other }) => owner === end.other && other === end.owner);
  }
}

/** Whoever is linked to it takes it for gone. */
function isSilent(party: Halod | Member): boolean {
  return party instanceof Halod && party.silentMs > SILENCE_MS;
}
