import fc from "fast-check";
import { expect, it } from "vitest";
import { garbage, loadGarbage } from "../unit/cli/garbage.ts";

it("makes a configuration or a ConfigError of 10,000 arbitrary flags, variables and files", () => {
  const seen = { config: 0, fault: 0 };
  fc.assert(
    fc.property(garbage, (input) => {
      seen[loadGarbage(input)] += 1;
    }),
    { numRuns: 10_000 },
  );
  expect(seen.config).toBeGreaterThan(100);
  expect(seen.fault).toBeGreaterThan(100);
});
