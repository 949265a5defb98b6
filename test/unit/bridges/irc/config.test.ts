import { describe, expect, it } from "vitest";
import { ircFileFaults, ircSchema } from "../../../../bridges/irc/index.ts";

const faultsOf = (settings: object): string[] =>
  ircSchema.safeParse(settings).error?.issues.map(({ path }) => path.join(".")) ?? [];

describe("the settings of the IRC network", () => {
  it("refuse what has no effect, and halves of what belongs together, all at once", () => {
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ caFile: "a", fingerprint: "ab".repeat(32) })).toEqual(["caFile", "fingerprint"]);
    expect(faultsOf({ tls: true, certFile: "a" })).toEqual(["keyFile"]);
    expect(faultsOf({ sasl: { mechanism: "plain" } })).toEqual(["sasl.account", "sasl.password"]);
    expect(faultsOf({ sasl: { mechanism: "external" } })).toEqual(["certFile"]);
    expect(faultsOf({ sasl: { account: "bot" } })).toEqual(["sasl.mechanism"]);
    expect(faultsOf({ tls: true, fingerprint: "abc" })).toEqual(["fingerprint"]);
    expect(faultsOf({ keys: { "/a": "two words" } })).toEqual(["keys./a"]);
    expect(faultsOf({ keys: { "#a": "key" } })).toHaveLength(1);
  });

  it("name each file that cannot be used", () => {
    const here = import.meta.filename;
    const config = ircSchema.parse({ tls: true, caFile: "/nowhere/ca.pem", certFile: here, keyFile: here });
    expect(ircFileFaults(config)).toEqual([
      "irc.caFile names /nowhere/ca.pem, which cannot be read: ENOENT",
      `irc.certFile names ${here}, which is not a certificate in PEM form`,
      `irc.keyFile names ${here}, which is not a private key in PEM form, without a passphrase`,
    ]);
  });
});
