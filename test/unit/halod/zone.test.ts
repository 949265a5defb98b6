import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { slotsOf, emptySlots, leave, tableOf, zoneOf, type ZoneOptions } from "../../../halod/index.ts";
import { readZone } from "./zone-reader.ts";

const ADDRESSES = new Map([
  ["a", "192.0.2.1"],
  ["b", "2001:db8::2"],
  ["c", "host-3.example.net"],
]);

const OPTIONS: ZoneOptions = { domain: "example.org", ttlSeconds: 1, iteration: 7, addresses: ADDRESSES };

describe("a zone", () => {
  it("names every route with its iteration, and leads to the node that owns it", () => {
    expect(zoneOf(slotsOf(4, ["a", "b", "c"]), OPTIONS)).toBe(
      [
        "example.org. 1 IN SOA localhost. hostmaster.example.org. 7 86400 7200 3600000 1",
        "example.org. 1 IN NS localhost.",
        "node1.iteration7.example.org. 1 IN A 192.0.2.1",
        "node2.iteration7.example.org. 1 IN A 192.0.2.1",
        "node3.iteration7.example.org. 1 IN AAAA 2001:db8::2",
        "node4.iteration7.example.org. 1 IN CNAME host-3.example.net.",
        "",
      ].join("\n"),
    );
  });

  it.each([1, 2, 8, 1_024])("has all 1,024 names of %i nodes, each at its owner", (count) => {
    const nodes = Array.from({ length: count }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    const addresses = new Map(nodes.map((node) => [node, node]));
    const cluster = slotsOf(1_024, nodes);
    const records = readZone(zoneOf(cluster, { ...OPTIONS, addresses, ttlSeconds: 60, nameServer: "ns.example.net" }));
    const [soa, ns, ...rest] = records;
    expect(soa).toMatchObject({
      name: "example.org.",
      type: "SOA",
      data: ["ns.example.net.", expect.any(String), "7", ...new Array<unknown>(4).fill(expect.stringMatching(/^\d+$/))],
    });
    expect(ns).toEqual({ name: "example.org.", ttlSeconds: 60, type: "NS", data: ["ns.example.net."] });
    const { owners } = tableOf(1_024, count);
    expect(rest).toEqual(
      owners.map((owner, index) => ({
        name: `node${index + 1}.iteration7.example.org.`,
        ttlSeconds: 60,
        type: "A",
        data: [nodes[owner - 1]],
      })),
    );
    expect(rest.every(({ data }) => isIP(data[0] ?? "") === 4)).toBe(true);
  });

  it("follows a node that was replaced", () => {
    const { cluster } = leave(slotsOf(4, ["a", "b"]), "a", "c");
    const cnames = readZone(zoneOf(cluster, OPTIONS)).filter(({ type }) => type === "CNAME");
    expect(cnames.map(({ name }) => name)).toEqual(["node1.iteration7.example.org.", "node2.iteration7.example.org."]);
  });

  it("has no route where there is no node", () => {
    expect(readZone(zoneOf(emptySlots(4), OPTIONS)).map(({ type }) => type)).toEqual(["SOA", "NS"]);
  });

  it("takes a domain that is as long as the longest of its names allows", () => {
    const longest = `${"a".repeat(60)}.`.repeat(4).slice(0, 253 - "node4.iteration7.".length);
    const zone = readZone(zoneOf(slotsOf(4, ["a"]), { ...OPTIONS, domain: longest }));
    expect(zone.at(-1)?.name).toHaveLength(254);
    expect(() => zoneOf(slotsOf(4, ["a"]), { ...OPTIONS, domain: `${longest}a` })).toThrow(RangeError);
  });

  it.each<[string, Partial<ZoneOptions>, string]>([
    ["an empty domain", { domain: "" }, "must be a name like example.org"],
    ["a domain with a dot at its end", { domain: "example.org." }, "must be a name like example.org"],
    ["an address as a domain", { domain: "192.0.2.1" }, "must be a name like example.org"],
    ["a domain that begins a line of its own", { domain: "a\nb" }, "must be a name like example.org"],
    ["a label of 64 characters", { domain: `${"a".repeat(64)}.org` }, "must be a name like example.org"],
    ["a hyphen at an end", { domain: "a-.org" }, "must be a name like example.org"],
    ["a negative time", { ttlSeconds: -1 }, "must be a whole number from 0 to 2147483647"],
    ["a part of a second", { ttlSeconds: 0.5 }, "must be a whole number from 0 to 2147483647"],
    ["no iteration", { iteration: 0 }, "must be a whole number from 1 to 4294967295"],
    ["an iteration too many", { iteration: 2 ** 32 }, "must be a whole number from 1 to 4294967295"],
    ["a name server of the zone", { nameServer: "NS.Example.org" }, "must lie outside of example.org"],
    ["the zone as its own name server", { nameServer: "example.org" }, "must lie outside of example.org"],
    ["an address as a name server", { nameServer: "192.0.2.1" }, "must be the name of a host"],
    ["a node without an address", { addresses: new Map() }, "a has no address"],
    ["an address that is none", { addresses: new Map([["a", "192.0.2.256"]]) }, 'a: "192.0.2.256" is not an address'],
    ["an address of one machine", { addresses: new Map([["a", "fe80::1%eth0"]]) }, "is not an address"],
    [
      "a host of 255 characters",
      { addresses: new Map([["a", Array(4).fill("h".repeat(63)).join(".")]]) },
      "is not an address",
    ],
    ["an address with a line end", { addresses: new Map([["a", "b\n@ A 192.0.2.9"]]) }, "is not an address"],
  ])("is refused with %s", (_, wrong, message) => {
    const make = () => zoneOf(slotsOf(4, ["a"]), { ...OPTIONS, ...wrong });
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});

describe("the reader of zones", () => {
  it.each([
    "example.org. 1 IN A 192.0.2.1",
    "example.org 1 IN A 192.0.2.1\n",
    "example.org. IN A 192.0.2.1\n",
    "example.org. 1 IN A 192.0.2.1 192.0.2.2\n",
    "example.org. 1 IN MX 10\n",
    "example.org. 1 IN A 192.0.2.1\n\n",
    "@ 1 IN A 192.0.2.1\n",
  ])("is strict: %j", (text) => {
    expect(() => readZone(text)).toThrow(/^(not a record: |the last line has no end)/);
  });
});
