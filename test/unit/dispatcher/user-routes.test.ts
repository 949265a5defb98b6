import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseBatch } from "../../../bayeux/index.ts";
import { deputyOf, homeOf, userOf } from "../../../dispatcher/user-routes.ts";
import { tableOf } from "../../../halod/index.ts";

const ROUTES = 1_024;
const names = Array.from({ length: 2_000 }, (_, index) => `user ${index}`);
const limits = { maxBatch: 10, maxChannelLength: 100, maxSubscriptionsPerMessage: 10 };
const requestsOf = (text: string) => parseBatch(text, limits).filter((request) => request.type !== "rejected");

describe("the routes of a user", () => {
  it("are what link/README.md says", () => {
    const [a = 0, b = 0, c = 0, d = 0] = createHash("sha256").update("home\nzoë").digest();
    expect(homeOf("zoë", ROUTES)).toBe(1 + ((((a * 256 + b) * 256 + c) * 256 + d) % ROUTES));
  });

  it("are spread over all", () => {
    const counts = new Map<number, number>();
    for (const name of names) counts.set(homeOf(name, 8), (counts.get(homeOf(name, 8)) ?? 0) + 1);
    expect([...counts.keys()].toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(names.length / 8 / 2);
  });

  it("have a deputy at another bridge, and not all the same one", () => {
    const { owners } = tableOf(ROUTES, 3);
    const ownerOf = (route: number | null) => (route === null ? 0 : owners[route - 1]);
    const ofFirst = names.filter((name) => ownerOf(homeOf(name, ROUTES)) === 1);
    const deputies = ofFirst.map((name) => ownerOf(deputyOf(name, owners)));
    expect(new Set(deputies)).toEqual(new Set([2, 3]));
    expect(deputies.filter((owner) => owner === 2).length).toBeGreaterThan(ofFirst.length / 4);
  });

  it("have no deputy where there is one bridge", () => {
    expect(deputyOf("alice", tableOf(ROUTES, 1).owners)).toBeNull();
  });

  it.each([
    ['{"tailspin":{"name":" alice "}}', "alice"],
    ['{"tailspin":{"name":"a<b"}}', null],
    ['{"tailspin":{"name":7}}', null],
    ['{"tailspin":{}}', null],
    ["{}", null],
  ])("are those of the name in a handshake's ext %s: %s", (ext, name) => {
    const handshake = `{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"],"ext":${ext}}`;
    expect(userOf(requestsOf(handshake))).toBe(name);
  });

  it("are nothing that another request tells", () => {
    const ext = '{"tailspin":{"name":"alice"}}';
    expect(userOf(requestsOf(`{"channel":"/lobby","clientId":"a","data":1,"ext":${ext}}`))).toBeNull();
    expect(userOf([])).toBeNull();
  });
});
