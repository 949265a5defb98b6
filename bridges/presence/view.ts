import type { Member, PresenceChange } from "../network.ts";
import { Window } from "./window.ts";

/** Somebody in a channel, as browsers see them. */
export interface Present extends Member {
  /** `"web"` for browsers, else the network's name. */
  readonly network: string;
}

/** Where people on a network find a channel. */
export interface Whereabouts {
  readonly network: string;
  /** The channel's name there. */
  readonly name: string;
}

interface Entry {
  readonly present: Present;
  /** Bridges that have it. A session that moves is at two of them for a moment. */
  sources: number;
}

/**
 * What the watchers of one channel know: the fold of all that they were told is what is shown here.
 *
 * A change is told at once, unless a snapshot is due that will contain it.
 */
export class View {
  readonly #window: Window<Entry>;
  readonly #people = new Set<string>();
  readonly #where: Whereabouts;
  readonly #tell: (data: object) => void;
  #unlisted = 0;
  #toldMore = 0;
  #isSnapshotDue = false;

  /**
   * @param limit how many are shown at most
   * @param tell hands the data of a message to all watchers
   */
  constructor(limit: number, where: Whereabouts, tell: (data: object) => void) {
    this.#window = new Window(limit);
    this.#where = where;
    this.#tell = tell;
  }

  /** True when `flush` has something to tell. */
  get isDue(): boolean {
    return this.#isSnapshotDue || this.#more !== this.#toldMore;
  }

  /** Somebody came. The same one from somewhere else is the same one. */
  add(present: Present): void {
    const known = this.#window.get(present.id);
    if (known) known.sources += 1;
    else if (this.#window.add(present.id, { present, sources: 1 })) this.#change({ joined: present });
  }

  remove(id: string): void {
    const known = this.#window.get(id);
    if (!known) return;
    known.sources -= 1;
    if (known.sources > 0) return;
    const { gone, next } = this.#window.delete(id);
    if (gone) this.#change({ left: gone.present });
    if (next) this.#change({ joined: next.value.present });
  }

  /** Something changed among the people on the network. */
  changed(change: PresenceChange): void {
    switch (change.type) {
      case "joined":
        return this.#enter(change.member);
      case "left":
        return this.#leave(change.member.id);
      case "renamed":
        return this.#rename(change.member, change.formerId, change.formerName);
      case "members":
        this.snapshotSoon();
        for (const id of [...this.#people]) this.#leave(id);
        for (const member of change.members) this.#enter(member);
        return this.flush();
    }
  }

  /** Counts those at other bridges whom nobody here knows by name. */
  setUnlisted(count: number): void {
    this.#unlisted = count;
  }

  /** So much changes now that the whole list is told at the next flush, and no single changes until then. */
  snapshotSoon(): void {
    this.#isSnapshotDue = true;
  }

  /** Tells what is due. */
  flush(): void {
    if (!this.isDue) return;
    const data = this.#isSnapshotDue ? this.snapshot() : { more: this.#more };
    this.#isSnapshotDue = false;
    this.#toldMore = this.#more;
    this.#tell(data);
  }

  /** @returns the whole list, as a new watcher gets it */
  snapshot(): object {
    const members = [...this.#window.shown.values()].map(({ present }) => present);
    return { members, ...(this.#more > 0 ? { more: this.#more } : {}), ...this.#where };
  }

  get #more(): number {
    return this.#window.size - this.#window.shown.size + this.#unlisted;
  }

  #enter(member: Member): void {
    if (this.#people.has(member.id)) return;
    this.#people.add(member.id);
    this.add(this.#person(member));
  }

  #leave(id: string): void {
    if (this.#people.delete(id)) this.remove(id);
  }

  #rename(member: Member, formerId: string, formerName: string): void {
    if (!this.#people.has(formerId) || (member.id !== formerId && this.#people.has(member.id))) {
      this.#leave(formerId);
      return this.#enter(member);
    }
    this.#people.delete(formerId);
    this.#people.add(member.id);
    const present = this.#person(member);
    if (this.#window.replace(formerId, member.id, { present, sources: 1 })) {
      this.#change({ renamed: { ...present, formerId, formerName } });
    }
  }

  #person(member: Member): Present {
    return { ...member, network: this.#where.network };
  }

  #change(data: object): void {
    if (!this.#isSnapshotDue) this.#tell(data);
  }
}
