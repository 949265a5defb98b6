import fc from "fast-check";
import { expect, it } from "vitest";
import { garbage, loadGarbage } from "./garbage.ts";
import { faultsOf } from "./sources.ts";

it("makes a configuration or a ConfigError of any input", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(garbage, (input) => {
      seen.add(loadGarbage(input));
    }),
    { numRuns: 300 },
  );
  expect(seen).toEqual(new Set(["config", "fault"]));
});

it("shows no secret in a fault, whatever it looks like and wherever it went", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 9 }),
      fc.constantFrom("", '"', "'", "[", "*", "!", "&", "{"),
      (value, start) => {
        const secret = `${start}hunter2${value}`;
        const faults = faultsOf({
          flags: ["--port=x", "--irc-password", secret, secret, "--irc-pasword", secret, `--secrt=${secret}`],
          env: { TAILSPIN_SECRET: secret, TAILSPIN_SECERT: secret, TAILSPIN_IRC_ALIASES: secret },
          files: { "/etc/app/tailspin.yaml": `irc:\n  account: [${secret}]\n  password: ${secret}\n` },
        });
        expect(faults.join("\n")).not.toContain("hunter2");
      },
    ),
    { numRuns: 200 },
  );
});
