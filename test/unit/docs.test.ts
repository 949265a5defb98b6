import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONFIGURATION_DOC, configurationDoc } from "../support/configuration-doc.ts";
import { NETWORKS_DOC, networksDoc } from "../support/networks-doc.ts";

describe("docs/configuration.md", () => {
  it("says what the schema says (mend it with: node test/support/configuration-doc.ts)", () => {
    expect(readFileSync(CONFIGURATION_DOC, "utf8")).toBe(configurationDoc());
  });
});

describe("docs/networks.md", () => {
  it("says what the contract suite holds (mend it with: node test/support/networks-doc.ts)", () => {
    expect(readFileSync(NETWORKS_DOC, "utf8")).toBe(networksDoc());
  });
});
