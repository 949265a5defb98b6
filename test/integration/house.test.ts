import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

// Not a unit test: `npm run check` lints by itself, and `npm test` is to find a violation as well.
describe("the house rules", () => {
  it("are kept by this repository", { timeout: 60_000 }, async () => {
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(join(ROOT, "node_modules", ".bin", "oxlint"), ["-f", "unix"], { cwd: ROOT }, (error, stdout, stderr) => {
        resolve({ code: error ? 1 : 0, output: stdout + stderr });
      });
    });
    expect(code, output).toBe(0);
  });
});
