import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../cli/index.ts";
import { schemaFor } from "../../../config.ts";
import { clusterPayload, controlPayload, MAX_BRIDGES, parseAnswer, parseRequest } from "../../../halod/control.ts";
import {
  bridgeVoter,
  dispatcherVoter,
  electorateOf,
  haloVoter,
  MAX_VOTING_DISPATCHERS,
} from "../../../halod/electorate.ts";
import { MAX_CONTROL_BYTES } from "../../../link/index.ts";
import { sourcesOf } from "../cli/sources.ts";

/** As long as it can be: every name at its limit. */
function longest(routes: number, bridges: number): Buffer {
  const nodes = Array.from({ length: bridges }, (_, index) => ({
    node: 10_000 + index,
    address: "a".repeat(300),
    instance: `${index}`.padStart(64, "i"),
    state: "active" as const,
    sinceMs: 1_795_280_074_709,
  }));
  const owners = Array.from({ length: routes }, (_, index) => 10_000 + (index % bridges));
  return clusterPayload({ epoch: Number.MAX_SAFE_INTEGER, owners, nodes });
}

/** What is voted on, likewise, when everybody is about to be another one. */
function longestProposal(bridges: number, dispatchers: number): Buffer {
  const members = Array.from({ length: bridges }, (_, index) => ({
    node: 10_000 + index,
    address: "a".repeat(300),
    instance: `${index}`.padStart(64, "i"),
    sinceMs: 1_795_280_074_709,
  }));
  const electorate = (life: string) => {
    const names = Array.from({ length: dispatchers }, (_, index) => dispatcherVoter(`${life}${index}`));
    const voters = [...names, ...members.map(({ node, instance }) => bridgeVoter(node, `${life}${instance}`))];
    return electorateOf([...voters, haloVoter("x".repeat(64))], haloVoter("y".repeat(64)));
  };
  const table = {
    routes: 46_655,
    epoch: Number.MAX_SAFE_INTEGER,
    changedMs: 1,
    active: members.map(({ node }) => node),
  };
  const ballot = { term: Number.MAX_SAFE_INTEGER, by: "z".repeat(64) };
  const voted = { table: { ...table, bridges: members }, electorate: electorate("new"), before: electorate("old") };
  return controlPayload({ type: "propose", proposal: { ballot, serial: Number.MAX_SAFE_INTEGER, ...voted } });
}

describe("what HaloD says", () => {
  it("fits into a frame, however long the names of the most bridges are", () => {
    const payload = longest(1_024, MAX_BRIDGES);
    expect(payload.length).toBeLessThan(MAX_CONTROL_BYTES);
    expect(parseAnswer(payload)?.type).toBe("cluster");
  });

  it("fits into a frame when it is voted on, too, with as many as may vote", () => {
    const payload = longestProposal(MAX_BRIDGES, MAX_VOTING_DISPATCHERS);
    expect(payload.length).toBeLessThan(MAX_CONTROL_BYTES);
    expect(parseAnswer(payload)?.type).toBe("propose");
    expect(longestProposal(100, 200).length).toBeLessThan(100 * 470 + 200 * 32 + 1_000);
  });

  it("is refused by the configuration where it might not fit", () => {
    const load = (routes: number, maxBridges: number) => {
      const flags = ["--routes", String(routes), "--halod-max-bridges", String(maxBridges)];
      return loadConfig(schemaFor("halod"), sourcesOf({ command: "halod", flags }));
    };
    expect(load(1_024, MAX_BRIDGES).halod.maxBridges).toBe(MAX_BRIDGES);
    expect(load(46_655, 1_024).routes).toBe(46_655);
    expect(longest(46_655, 1_024).length).toBeLessThan(MAX_CONTROL_BYTES);
    expect(() => load(46_655, MAX_BRIDGES)).toThrow(/halod-max-bridges.*must fit into a frame/);
  });

  it("is read from any bytes without a fault of ours", () => {
    const check = (bytes: Uint8Array) => {
      expect(parseRequest(Buffer.from(bytes))).toBeNull();
      expect(parseAnswer(Buffer.from(bytes))).toBeNull();
    };
    fc.assert(fc.property(fc.uint8Array(), check));
    fc.assert(fc.property(fc.json(), (text) => check(Buffer.from(text))));
  });

  it("comes back as it was said", () => {
    const register = { type: "register", address: "[::1]:7070", epoch: 7 } as const;
    expect(parseRequest(controlPayload(register))).toEqual(register);
    expect(parseRequest(controlPayload({ type: "leave" }))).toEqual({ type: "leave" });
    const refused = { type: "refused", text: "no" } as const;
    expect(parseAnswer(controlPayload(refused))).toEqual(refused);
  });
});
