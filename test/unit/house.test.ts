import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "node_modules", ".bin");
const SLOW_MS = 60_000;

const imports = (...specifiers: string[]): string =>
  specifiers.map((specifier, index) => `export { a as a${index} } from "${specifier}";\n`).join("");

/** One file per rule: where it stands, what it says, and the rule that forbids it. */
const VIOLATIONS = [
  ["bayeux/reads-files.ts", imports("node:fs"), "eslint(no-restricted-imports)"],
  ["bayeux/uses-a-package.ts", imports("zod"), "eslint(no-restricted-imports)"],
  ["bayeux/sees-link.ts", imports("../link/index.ts"), "eslint(no-restricted-imports)"],
  [
    "link/runs-bayeux.ts",
    'import { a } from "../bayeux/index.ts";\nexport const b = a;\n',
    "eslint(no-restricted-imports)",
  ],
  ["link/sees-bridges.ts", imports("../bridges/index.ts"), "eslint(no-restricted-imports)"],
  ["link/makes-a-logger.ts", 'import { pino } from "pino";\nexport const b = pino;\n', "eslint(no-restricted-imports)"],
  ["halod/sees-dispatcher.ts", imports("../dispatcher/index.ts"), "eslint(no-restricted-imports)"],
  ["dispatcher/sees-bridges.ts", imports("../bridges/index.ts"), "eslint(no-restricted-imports)"],
  ["dispatcher/past-the-door.ts", imports("../link/frames.ts"), "eslint(no-restricted-imports)"],
  ["dispatcher/http/past-the-door.ts", imports("../../link/frames.ts"), "eslint(no-restricted-imports)"],
  ["dispatcher/http/uses-ws.ts", imports("ws"), "eslint(no-restricted-imports)"],
  ["dispatcher/http/serves-files.ts", imports("sirv"), "eslint(no-restricted-imports)"],
  ["dispatcher/transports/sees-test.ts", imports("../../test/support/servers.ts"), "eslint(no-restricted-imports)"],
  ["dispatcher/transports/sees-irc.ts", imports("irc-framework"), "eslint(no-restricted-imports)"],
  ["bridges/sees-dispatcher.ts", imports("../dispatcher/index.ts"), "eslint(no-restricted-imports)"],
  ["bridges/uses-irc-framework.ts", imports("irc-framework"), "eslint(no-restricted-imports)"],
  ["bridges/past-the-door-of-irc.ts", imports("./irc/names.ts"), "eslint(no-restricted-imports)"],
  ["bridges/session/knows-irc.ts", imports("../irc/index.ts"), "eslint(no-restricted-imports)"],
  ["bridges/session/uses-ws.ts", imports("ws"), "eslint(no-restricted-imports)"],
  ["bridges/irc/meets-xmpp.ts", imports("../xmpp/index.ts"), "eslint(no-restricted-imports)"],
  ["bridges/irc/uses-xmpp.ts", imports("@xmpp/client"), "eslint(no-restricted-imports)"],
  ["bridges/irc/embedded/sees-dispatcher.ts", imports("../../../dispatcher/index.ts"), "eslint(no-restricted-imports)"],
  ["bridges/xmpp/meets-irc.ts", imports("../irc/index.ts"), "eslint(no-restricted-imports)"],
  ["web/sees-link.ts", imports("../link/index.ts"), "eslint(no-restricted-imports)"],
  ["cli/sees-dispatcher.ts", imports("../dispatcher/index.ts"), "eslint(no-restricted-imports)"],
  ["cli.ts", imports("./dispatcher/dispatcher.ts"), "eslint(no-restricted-imports)"],
  ["tools/sees-test.ts", imports("../test/support/servers.ts"), "eslint(no-restricted-imports)"],
  ["bayeux/cycle-a.ts", imports("./cycle-b.ts"), "import(no-cycle)"],
  ["bayeux/long.ts", "export {};\n".repeat(301), "eslint(max-lines)"],
  ["bayeux/any.ts", "export const a: any = 1;\n", "typescript(no-explicit-any)"],
  [
    "bayeux/non-null.ts",
    "export const a = (b: string | null): number => b!.length;\n",
    "typescript(no-non-null-assertion)",
  ],
  ["bayeux/default.ts", "export default 1;\n", "import(no-default-export)"],
  [
    "bayeux/floating.ts",
    "export const a = (b: () => Promise<void>): void => {\n  b();\n};\n",
    "typescript(no-floating-promises)",
  ],
  [
    "bayeux/misused.ts",
    "export const a = (b: string[]): void => {\n  b.forEach(async () => {});\n};\n",
    "typescript(no-misused-promises)",
  ],
  [
    "bayeux/switch.ts",
    'export const a = (b: "c" | "d"): number => {\n  switch (b) {\n    case "c":\n      return 1;\n  }\n  return 2;\n};\n',
    "typescript(switch-exhaustiveness-check)",
  ],
  ["link/environment.ts", 'export const a = process.env["A"];\n', "node(no-process-env)"],
  ["test/unit/alone.test.ts", 'import { it } from "vitest";\nit.only("a", () => {});\n', "vitest(no-focused-tests)"],
  ["test/unit/skipped.test.ts", 'import { it } from "vitest";\nit.skip("a", () => {});\n', "vitest(no-disabled-tests)"],
] as const;

/** What the rules must leave alone. */
const ALLOWED: readonly (readonly [file: string, text: string])[] = [
  ["bayeux/cycle-b.ts", 'export { a0 as a } from "./cycle-a.ts";\n'],
  [
    "link/allowed.ts",
    'import type { Logger } from "pino";\nimport type { A } from "../bayeux/index.ts";\nexport type B = [A, Logger];\n' +
      imports("node:net", "zod"),
  ],
  [
    "dispatcher/transports/allowed.ts",
    imports("ws", "../http/a.ts", "../../bayeux/index.ts", "../../link/index.ts", "../../halod/index.ts", "node:http"),
  ],
  ["bridges/allowed.ts", imports("./irc/index.ts", "./xmpp/index.ts", "./session/a.ts", "../halod/index.ts")],
  [
    "bridges/irc/embedded/allowed.ts",
    imports(
      "irc-framework",
      "irc-framework/src/linestream.js",
      "../names.ts",
      "../../network.ts",
      "../../../bayeux/index.ts",
    ),
  ],
  ["bridges/xmpp/allowed.ts", imports("@xmpp/client", "../network.ts")],
  ["web/allowed.ts", imports("sirv", "node:fs")],
  ["cli/allowed.ts", imports("zod", "yaml", "node:fs") + 'export const a = process.env["A"];\n'],
  [
    "test/unit/allowed.ts",
    imports("../../dispatcher/http/a.ts", "ws", "testcontainers") + 'export const a = process.env["A"];\n',
  ],
];

interface Outcome {
  readonly code: number;
  readonly output: string;
}

const run = (cwd: string, command: string, ...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(join(BIN, command), args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });

describe("the house rules", () => {
  let folder: string;
  let lint: Outcome;
  let complaints: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tailspin-house-"));
    for (const [file, text] of [...VIOLATIONS, ...ALLOWED]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    for (const file of readdirSync(ROOT).filter((name) => /^tsconfig.*\.json$|^\.oxlintrc\.json$/.test(name))) {
      cpSync(join(ROOT, file), join(folder, file));
    }
    for (const part of ["bayeux", "link", "halod", "dispatcher", "bridges", "web", "cli", "test"]) {
      cpSync(join(ROOT, part, "tsconfig.json"), join(folder, part, "tsconfig.json"));
    }
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(ROOT, "node_modules", "@types"), join(folder, "node_modules", "@types"));
    lint = await run(folder, "oxlint", "-f", "unix");
    complaints = lint.output.split("\n");
  }, SLOW_MS);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("fail a tree that breaks them", () => {
    expect(lint.code).toBe(1);
  });

  it.each(VIOLATIONS)("catch %s", (file, _text, rule) => {
    const caught = complaints.filter((line) => line.startsWith(`${file}:`) && line.includes(`/${rule}]`));
    expect(caught, lint.output).not.toEqual([]);
  });

  it.each(ALLOWED.filter(([file]) => !file.includes("cycle")))("leave %s alone", (file) => {
    expect(complaints.filter((line) => line.startsWith(`${file}:`))).toEqual([]);
  });

  it(
    "are held by the compiler too: a folder cannot see one that it does not refer to",
    { timeout: SLOW_MS },
    async () => {
      writeFileSync(join(folder, "bridges", "index.ts"), "export const a = 1;\n");
      rmSync(join(folder, "dispatcher"), { recursive: true });
      mkdirSync(join(folder, "dispatcher"));
      cpSync(join(ROOT, "dispatcher", "tsconfig.json"), join(folder, "dispatcher", "tsconfig.json"));
      writeFileSync(join(folder, "dispatcher", "sees-bridges.ts"), imports("../bridges/index.ts"));
      const { code, output } = await run(folder, "tsc", "-p", "dispatcher/tsconfig.json");
      expect(code).not.toBe(0);
      expect(output).toMatch(/dispatcher\/sees-bridges\.ts.*TS6307/);
    },
  );
});
