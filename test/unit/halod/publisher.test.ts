import { pino } from "pino";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { emptyMembership, type Membership } from "../../../halod/membership.ts";
import { Publisher } from "../../../halod/publisher.ts";
import type { Frame, Link } from "../../../link/index.ts";
import { Play } from "./play.ts";

const silent = pino({ level: "silent" });

/** A link that keeps the epochs it was sent. */
class FakeLink implements Link {
  readonly peer = { role: "dispatcher", name: "d", instance: "di", routes: 24, node: 0, nodes: 24 } as const;
  isFull = false;
  readonly epochs: number[] = [];

  send(frame: Frame): boolean {
    if (frame.type === "control") this.epochs.push(JSON.parse(frame.payload.toString()).cluster.epoch);
    return !this.isFull;
  }

  close(): void {
    throw new Error("nobody closes it");
  }
}

/** A disk that is ready when a test says so. */
class FakeStore {
  readonly written: number[] = [];
  #pending = Promise.withResolvers<void>();

  async write({ epoch }: Membership): Promise<void> {
    await this.#pending.promise;
    this.#pending = Promise.withResolvers();
    this.written.push(epoch);
  }

  overtake(): void {
    // It takes as long as the test wants.
  }

  tells(): boolean {
    return false;
  }

  finish(): void {
    this.#pending.resolve();
  }

  fail(): void {
    this.#pending.reject(new Error("no space left"));
    this.#pending = Promise.withResolvers();
  }
}

describe("Publisher", () => {
  let play: Play;
  let store: FakeStore;
  let links: FakeLink[];
  let publisher: Publisher;
  beforeEach(() => {
    play = new Play();
    store = new FakeStore();
    links = [new FakeLink(), new FakeLink()];
    publisher = new Publisher({ council: store, log: silent, membership: emptyMembership(24), links: () => links });
  });

  const epochs = () => links.map((link) => link.epochs);

  it("tells nobody before it is on the disk, and leaves out what has been overtaken", async () => {
    const first = play.register("1a").membership;
    publisher.publish(first);
    publisher.publish(play.register("2a").membership);
    const last = play.register("3a").membership;
    publisher.publish(last);
    await new Promise((resolve) => setImmediate(resolve));
    expect(epochs()).toEqual([[], []]);
    store.finish();
    await vi.waitFor(() => expect(epochs()).toEqual([[first.epoch], [first.epoch]]));
    store.finish();
    await vi.waitFor(() => expect(store.written).toEqual([first.epoch, last.epoch]));
    await vi.waitFor(() => expect(epochs()).toEqual([store.written, store.written]));
  });

  it("sends a link that is full the newest table when it drains, and no other", async () => {
    const [full, other] = links;
    if (!full || !other) throw new Error("no links");
    full.isFull = true;
    for (const instance of ["1a", "2a"]) {
      const { membership } = play.register(instance);
      publisher.publish(membership);
      store.finish();
      await vi.waitFor(() => expect(other.epochs.at(-1)).toBe(membership.epoch));
    }
    expect(full.epochs).toEqual([]);
    full.isFull = false;
    publisher.catchUp(full);
    expect(full.epochs).toEqual([play.membership.epoch]);
  });

  it("calls back when the table that was newest then has been told, or a later one", async () => {
    const called: string[] = [];
    publisher.whenTold(() => called.push("nothing to tell"));
    publisher.publish(play.register("1a").membership);
    publisher.whenTold(() => called.push("first"));
    publisher.publish(play.register("2a").membership);
    publisher.whenTold(() => called.push("second"));
    expect(called).toEqual(["nothing to tell"]);
    store.finish();
    await vi.waitFor(() => expect(called).toEqual(["nothing to tell", "first"]));
    store.finish();
    await vi.waitFor(() => expect(called).toEqual(["nothing to tell", "first", "second"]));
  });

  it("tries again when it could not be written, and stops when it is told to", async () => {
    const { membership } = play.register("1a");
    publisher.publish(membership);
    store.fail();
    await new Promise((resolve) => setImmediate(resolve));
    expect(epochs()).toEqual([[], []]);
    store.finish();
    await vi.waitFor(() => expect(epochs()).toEqual([[membership.epoch], [membership.epoch]]), 3_000);
    await publisher[Symbol.asyncDispose]();
    publisher.publish(play.register("2a").membership);
    expect(store.written).toEqual([membership.epoch]);
  });
});
