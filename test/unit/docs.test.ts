import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONFIGURATION_DOC, configurationDoc } from "../support/configuration-doc.ts";

describe("docs/configuration.md", () => {
  it("says what the schema says (mend it with: node test/support/configuration-doc.ts)", () => {
    expect(readFileSync(CONFIGURATION_DOC, "utf8")).toBe(configurationDoc());
  });
});
