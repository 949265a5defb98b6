import { beforeEach, describe, expect, it } from "vitest";
import { NetworkError } from "../../../../bridges/index.ts";
import { Outbox } from "../../../../bridges/channel/outbox.ts";
import { FakeNetwork } from "../fakes.ts";
import { publication } from "../../../support/publication.ts";

const AWAY = new NetworkError("unavailable", "away");

describe("Outbox", () => {
  let network: FakeNetwork;
  let outbox: Outbox;
  let clock: { ms: number };
  let outcomes: string[];

  beforeEach(() => {
    clock = { ms: 1_000 };
    network = new FakeNetwork();
    network.isObliging = false;
    outbox = new Outbox("/lobby", network, () => clock.ms);
    outcomes = [];
  });

  function publish(data: number, deadlineMs = 11_000): void {
    outbox.publish(publication(data), deadlineMs).then(
      () => outcomes.push(`${data} ok`),
      (error: unknown) => outcomes.push(`${data} ${error instanceof NetworkError ? error.kind : String(error)}`),
    );
  }

  /** Lets promises settle. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it("lets publishes wait until it is opened, and then hands them over in order", async () => {
    publish(1);
    publish(2);
    expect(network.published).toEqual([]);
    expect(outbox.pending).toBe(2);
    outbox.open();
    publish(3);
    expect(network.published).toEqual([1, 2, 3]);
    for (const each of network.publishes) each.resolve();
    await settle();
    expect(outcomes).toEqual(["1 ok", "2 ok", "3 ok"]);
    expect(outbox.pending).toBe(0);
  });

  it("keeps the order of what the network gives back unsent, in whichever order it does", async () => {
    outbox.open();
    for (const data of [1, 2, 3]) publish(data);
    outbox.close();
    publish(4);
    for (const each of network.publishes.toReversed()) each.reject(AWAY);
    await settle();
    expect(outcomes).toEqual([]);
    outbox.open();
    expect(network.published).toEqual([1, 2, 3, 1, 2, 3, 4]);
  });

  it("asks a network that gives publishes back again after a pause, newer ones behind", async () => {
    outbox.open();
    publish(1);
    network.publishes[0]?.reject(AWAY);
    await settle();
    publish(2);
    outbox.sweep();
    expect(network.published).toEqual([1]);
    clock.ms += 200;
    outbox.sweep();
    expect(network.published).toEqual([1, 1, 2]);
  });

  it("gives up on what waited too long, and only on that", async () => {
    publish(1, 2_000);
    publish(2, 3_000);
    clock.ms = 2_000;
    outbox.sweep();
    await settle();
    expect(outcomes).toEqual(["1 unavailable"]);
    outbox.open();
    expect(network.published).toEqual([2]);
  });

  it("gives up on what comes back after its deadline", async () => {
    outbox.open();
    publish(1, 2_000);
    clock.ms = 2_000;
    network.publishes[0]?.reject(AWAY);
    await settle();
    expect(outcomes).toEqual(["1 unavailable"]);
    expect(outbox.pending).toBe(0);
  });

  it("never sends again what may have arrived, nor what was refused", async () => {
    outbox.open();
    publish(1);
    publish(2);
    network.publishes[0]?.reject(new NetworkError("unknown", "cut"));
    network.publishes[1]?.reject(new NetworkError("refused", "no"));
    await settle();
    clock.ms += 1_000;
    outbox.close();
    outbox.open();
    outbox.sweep();
    expect(outcomes).toEqual(["1 unknown", "2 refused"]);
    expect(network.published).toEqual([1, 2]);
  });

  it("fails what waits, and not what is on its way", async () => {
    outbox.open();
    publish(1);
    outbox.close();
    publish(2);
    outbox.fail(new NetworkError("refused", "banned"));
    network.publishes[0]?.resolve();
    await settle();
    expect(outcomes).toEqual(["2 refused", "1 ok"]);
  });
});
