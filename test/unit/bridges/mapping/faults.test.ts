import { describe, expect, it } from "vitest";
import { mappingFaults } from "../../../../bridges/index.ts";
import type { MappedNetwork } from "../../../../bridges/index.ts";
import { BOTH, IRC, rulesOf, type WrittenRule, XMPP } from "./rules.ts";

function faultsOf(rules: readonly WrittenRule[], networks: readonly MappedNetwork[] = BOTH): string[] {
  const unset = new Map([["xmpp", "xmpp.jid"]]);
  return mappingFaults(rulesOf(...rules), networks, unset).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("mappingFaults", () => {
  it("finds none in the example of the documentation", () => {
    const rules = [
      { channels: "/xmpp/**", network: "xmpp", stripPrefix: true },
      { channels: "/support", network: "irc", name: "#help" },
      { channels: "/news/**", access: "read-only" },
    ] as const;
    expect(faultsOf(rules)).toEqual([]);
  });

  it.each([
    [{ channels: "/a", network: "xmpp" }, "0.network: needs xmpp.jid; configured: irc"],
    [{ channels: "/a", network: "icq" }, "0.network: must be a network that is configured; configured: irc"],
    [{ channels: "/a", name: "help" }, "0.name: is no name for irc: it must begin with # or &, and go on"],
    [
      { channels: "/a", name: "#he lp" },
      "0.name: is no name for irc: it must have no spaces, commas or control characters",
    ],
    [{ channels: "/a", name: `#${"a".repeat(200)}` }, "0.name: is no name for irc: it must have at most 200 bytes"],
    [{ channels: "/a/*", name: "#help" }, "0.name: only a channel can have a name, not a pattern"],
    [{ channels: "/a", stripPrefix: true }, "0.stripPrefix: only a pattern has a prefix to strip"],
    [{ channels: "/**", stripPrefix: true }, "0.stripPrefix: nothing stands before the wildcard of /**"],
    [{ channels: "/meta/**" }, "0.channels: meta channels go to no network"],
    [{ channels: "/halo" }, "0.channels: shows the stack itself and goes to no network"],
    [{ channels: "/presence/a" }, "0.channels: a presence channel goes where the channel goes that it is about"],
  ])("refuses %j", (rule, fault) => {
    expect(faultsOf([rule], [IRC])).toEqual([fault]);
  });

  it("tells all faults at once", () => {
    const rules = [
      { channels: "/a", network: "icq" },
      { channels: "/b", name: "b" },
      { channels: "/c", stripPrefix: true },
    ];
    expect(faultsOf(rules)).toHaveLength(3);
  });

  it.each([
    ["/a/**", "/a/b"],
    ["/a/**", "/a/b/*"],
    ["/a/**", "/a/**"],
    ["/a/*", "/a/b"],
    ["/a", "/a"],
  ])("tells that after %s a rule for %s never counts", (first, second) => {
    const never = `never counts: rule 1, ${first}, comes before and matches all of it`;
    expect(faultsOf([{ channels: first }, { channels: second }])).toEqual([`1.channels: ${never}`]);
    if (first !== second) expect(faultsOf([{ channels: second }, { channels: first }])).toEqual([]);
  });

  it("refuses one name for two channels, however it is spelled", () => {
    const first = { channels: "/a", name: "#Help[1]" };
    expect(faultsOf([first, { channels: "/b", name: "#help{1}" }])).toEqual([
      expect.stringMatching(/^1\.name: \/a \(by rule 1\) and \/b would both be #help\{1\} on irc;/),
    ]);
    expect(faultsOf([first, { channels: "/b", name: "help@rooms", network: "xmpp" }])).toEqual([]);
  });

  it("refuses an alias for what another rule names by stripping", () => {
    const strip = { channels: "/xmpp/**", network: "xmpp", stripPrefix: true };
    const alias = { channels: "/team", network: "xmpp", name: "red@rooms" };
    expect(faultsOf([strip, alias])).toEqual([
      expect.stringMatching(/^1\.name: \/xmpp\/red \(by rule 1\) and \/team would both be red@rooms on xmpp;/),
    ]);
    expect(faultsOf([{ channels: "/xmpp/red", access: "none" }, strip, alias])).toEqual([]);
    expect(faultsOf([strip, { ...alias, network: "irc", name: "#red" }])).toEqual([]);
  });

  it.each([
    [
      [
        { channels: "/x/**", network: "xmpp", stripPrefix: true },
        { channels: "/y/**", network: "xmpp", stripPrefix: true },
      ],
    ],
    [
      [
        { channels: "/x/**", network: "xmpp", stripPrefix: true },
        { channels: "/y/*", network: "xmpp", stripPrefix: true },
      ],
    ],
    [
      [
        { channels: "/x/**", network: "xmpp", stripPrefix: true },
        { channels: "/y/**", network: "xmpp" },
      ],
    ],
    [
      [
        { channels: "/x/a/**", network: "xmpp", stripPrefix: true },
        { channels: "/y/b/**", network: "xmpp", stripPrefix: true },
      ],
    ],
  ] satisfies [WrittenRule[]][])("refuses patterns whose channels have the same names: %j", (rules) => {
    expect(faultsOf(rules)).toEqual([expect.stringMatching(/^1\.\w+: .*would both be/)]);
    expect(
      faultsOf(
        rules.map((rule, index) => ({ ...rule, network: index === 0 ? "xmpp" : "irc", stripPrefix: index === 0 })),
      ),
    ).toEqual([]);
  });

  it("refuses a prefix that is stripped where channels without it go to the same network", () => {
    const strip = { channels: "/xmpp/**", network: "xmpp", stripPrefix: true };
    expect(faultsOf([strip], [XMPP])).toEqual([
      expect.stringMatching(/^0\.stripPrefix: \/xmpp\/\S+ \(by rule 1\) and \/\S+ \(by no rule\) would both be/),
    ]);
    expect(faultsOf([strip, { channels: "/**", access: "none" }], [XMPP])).toEqual([]);
  });

  it("compares as many rules as there may be", () => {
    const rules = Array.from({ length: 100 }, (_, index) => ({
      channels: `/x${index}/**`,
      network: index % 2 === 0 ? "irc" : "xmpp",
      stripPrefix: true,
    }));
    expect(faultsOf(rules).length).toBeGreaterThan(40);
  });
});
