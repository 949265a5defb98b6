import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  claimPayload,
  reachedPayload,
  readClaim,
  readReached,
  readSaid,
  readSurrender,
  readTickets,
  saidPayload,
  surrenderPayload,
  ticketsPayload,
} from "../../../link/index.ts";

const number = fc.maxSafeNat();
const name = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed());
const text = fc.string({ unit: "binary", maxLength: 60 }).filter((one) => one.isWellFormed());
const reached = { batch: fc.nat(0xffff_ffff), before: number, after: number };

describe("what bridges and dispatchers tell each other of sessions", () => {
  it("is read as it was written", () => {
    const note = fc.record({ clientId: name, version: number, keepMs: number, ticket: text, ...reached });
    const tickets = fc.record({ kept: fc.array(note, { maxLength: 5 }), ended: fc.array(name, { maxLength: 5 }) });
    fc.assert(
      fc.property(tickets, (one) => {
        expect(readTickets(ticketsPayload(one))).toEqual(one);
      }),
    );
    const said = fc.array(fc.record({ seq: number, channel: name, id: text }), { maxLength: 5 });
    fc.assert(
      fc.property(said, (one) => {
        expect(readSaid(saidPayload(one))).toEqual(one);
      }),
    );
    const rows = fc.array(fc.record({ connection: fc.nat(0xffff_ffff), ...reached }), { maxLength: 5 });
    fc.assert(
      fc.property(rows, (one) => {
        expect(readReached(reachedPayload(one))).toEqual(one);
      }),
    );
    const ticket = fc.record({ clientId: name, version: number, instance: name, ticket: text, ...reached });
    const channel = fc.array(fc.tuple(number, text), { maxLength: 5 }).chain((all) =>
      fc.record({
        instance: name,
        channel: text,
        seqs: fc.constant(all.map(([seq]) => seq)),
        ids: fc.constant(all.map(([, id]) => id)),
        isCut: fc.boolean(),
      }),
    );
    const surrender = fc.record({
      epoch: number,
      isLast: fc.boolean(),
      tickets: fc.array(ticket, { maxLength: 3 }),
      channels: fc.array(channel, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(surrender, (one) => {
        expect(readSurrender(surrenderPayload(one))).toEqual(one);
      }),
    );
  });

  it("names routes by ranges, and all of them", () => {
    expect(claimPayload({ epoch: 3, routes: [1, 2, 3, 7, 9, 10] }).toString()).toBe(
      '{"epoch":3,"routes":[[1,3],[7,7],[9,10]]}',
    );
    const routes = fc.uniqueArray(fc.integer({ min: 1, max: 0xffff }), { maxLength: 50 });
    fc.assert(
      fc.property(number, routes, (epoch, some) => {
        const claim = { epoch, routes: some.toSorted((one, other) => one - other) };
        expect(readClaim(claimPayload(claim))).toEqual(claim);
      }),
    );
  });

  it.each(["", "{", "null", '{"epoch":1}', '{"epoch":1,"routes":[[0,3]]}', '{"epoch":1,"routes":[[5,4]]}'])(
    "refuses a claim of %j",
    (json) => {
      expect(readClaim(Buffer.from(json))).toBeNull();
    },
  );

  it("refuses routes that are there twice, or fall", () => {
    expect(readClaim(Buffer.from('{"epoch":1,"routes":[[1,3],[3,4]]}'))).toBeNull();
    expect(readClaim(Buffer.from('{"epoch":1,"routes":[[4,5],[1,2]]}'))).toBeNull();
  });

  it("is refused, and nothing thrown, whatever the bytes are", () => {
    const readers = [readTickets, readSaid, readReached, readClaim, readSurrender];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const read of readers) read(Buffer.from(bytes));
      }),
    );
    expect(readReached(Buffer.alloc(23))).toBeNull();
    expect(readReached(Buffer.alloc(24, 0xff))).toBeNull();
    expect(readSaid(Buffer.alloc(11))).toBeNull();
    expect(readSaid(saidPayload([{ seq: 1, channel: "/a", id: "b" }]).subarray(0, -1))).toBeNull();
    expect(
      readSurrender(Buffer.from('{"epoch":1,"isLast":true,"tickets":[],"channels":[["b","/a",[1],[],false]]}')),
    ).toBeNull();
  });
});
