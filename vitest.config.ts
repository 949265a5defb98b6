import { defineConfig } from "vitest/config";

// The reaper of testcontainers is an image of its own, which a machine without a registry cannot have; our servers remove themselves.
process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
// Our ports are published on loopback. Inside a container testcontainers would look for them at the engine's gateway.
process.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1";

const seconds = 1_000;

// Projects of one group run side by side, with as many workers each; the groups follow each other, the quick ones first.

/** What holds for any input or any course of events: hundreds of generated ones each. `npm test` has them, `npm run check` is quick. */
const PROPERTIES = [
  "bridges/history/streams",
  "bridges/irc/payload",
  "bridges/presence/exact",
  "bridges/session/exactly-once",
  "cli/garbage",
  "halod/chair-any",
  "halod/membership-any",
  "halod/scale-simulation",
  "halod/slots",
].map((name) => `test/unit/${name}.test.ts`);

/** Real servers on a small machine: few files at a time, and time enough for a cold start. */
const withServers = {
  testTimeout: 30 * seconds,
  hookTimeout: 60 * seconds,
  maxWorkers: 2,
  globalSetup: "test/support/prepare.ts",
};

export default defineConfig({
  test: {
    reporters: ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          exclude: PROPERTIES,
          isolate: false,
          // Generated input takes its time where other work shares the machine.
          testTimeout: 30 * seconds,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "properties",
          include: PROPERTIES,
          isolate: false,
          testTimeout: 30 * seconds,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "contract",
          // Of two bridges each: the XMPP servers know nine components.
          maxConcurrency: 4,
          include: ["test/contract/**/*.test.ts"],
          ...withServers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          ...withServers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          ...withServers,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          ...withServers,
          testTimeout: 60 * seconds,
          maxConcurrency: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          // No distribution has that server, so it is run by hand, and not by `npm test`.
          name: "ergo",
          include: ["test/**/*.ergo.ts"],
          testTimeout: withServers.testTimeout,
          hookTimeout: withServers.hookTimeout,
          maxWorkers: withServers.maxWorkers,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: "fuzz",
          include: ["test/fuzz/**/*.fuzz.ts"],
          testTimeout: 120 * seconds,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
