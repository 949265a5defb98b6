import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemberProcess, SECRET } from "../support/halod-cluster.ts";
import { TierProcess } from "../support/stack.ts";

const READY = /^tailspin halod ready 127\.0\.0\.1:(\d+)$/;
const ROUTES = ["--routes", "24"];

let folder = "";
let file = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailspin-halod-"));
  file = join(folder, "halod.json");
});
afterEach(() => rm(folder, { recursive: true }));

function start(port = 0, ...flags: string[]): Promise<TierProcess> {
  const args = ["--port", String(port), "--halod-file", file, "--secret", SECRET, ...ROUTES, ...flags];
  return TierProcess.start(READY, ["halod", ...args]);
}

async function status(port: number, secret = SECRET): Promise<{ code: number | null; output: string; errors: string }> {
  const args = ["status", "--halod", `127.0.0.1:${port}`, "--secret", secret, "--status-timeout-ms", "1000", ...ROUTES];
  await using tier = TierProcess.launch(args);
  const { code } = await tier.exited;
  return { code, output: tier.output.join("\n"), errors: tier.log.join("\n") };
}

describe("tailspin halod", () => {
  it("tells its status, also after a restart, and stops without moving anything", async () => {
    const first = await start(0, "--halod-spares", "1");
    expect((await status(first.port)).output).toBe("no table yet: 0 bridges registered, 0 dispatchers");
    await using _members = await MemberProcess.start(first.port, [1, 2, 3]);
    const before = await status(first.port);
    expect(before).toMatchObject({ code: 0, errors: "" });
    expect(withoutTimes(before.output)).toMatch(/^epoch \d+, for …: 24 routes, 3 bridges, 0 dispatchers\n/);
    const rows = before.output.split("\n").slice(3).toSorted();
    expect(rows.map((row) => row.split(/ +/).slice(0, 4).join(" "))).toEqual([
      expect.stringMatching(/^1 (active 12|spare 0) 127\.0\.0\.1:10001$/),
      expect.stringMatching(/^2 (active 12|spare 0) 127\.0\.0\.1:10002$/),
      expect.stringMatching(/^3 (active 12|spare 0) 127\.0\.0\.1:10003$/),
    ]);
    await first.stop();
    await using _second = await start(first.port, "--halod-spares", "1");
    await vi.waitFor(async () => {
      expect(withoutTimes((await status(first.port)).output)).toBe(withoutTimes(before.output));
    }, 15_000);
  });

  it("shows a bridge that is gone as lost", async () => {
    await using halod = await start(0, "--halod-fail-after-ms", "60000");
    await using _stays = await MemberProcess.start(halod.port, [1]);
    await using goes = await MemberProcess.start(halod.port, [2]);
    await goes[Symbol.asyncDispose]();
    expect(withoutTimes((await status(halod.port)).output)).toMatch(/\n2 {5}lost {4}12 {6}127\.0\.0\.1:10002 …$/);
  });

  it("does not tell its status to somebody without the secret, nor where there is none", async () => {
    const halod = await start();
    const stranger = await status(halod.port, "another");
    expect(stranger).toMatchObject({ code: 1, output: "" });
    expect(stranger.errors).toMatch(/^tailspin: HaloD at 127\.0\.0\.1:\d+ does not answer: .*different link secrets/);
    await halod.stop();
    const nobody = await status(halod.port);
    expect(nobody).toMatchObject({ code: 1, output: "" });
    expect(nobody.errors).toMatch(/^tailspin: HaloD at 127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/);
  });

  it.each([
    ["off loopback without a secret", ["--host", "0.0.0.0"], 2, "secret: must be set, since halod.host is 0.0.0.0"],
    ["with a folder that is not there", ["--halod-file", "/nowhere/halod.json"], 1, "halod.json, which is halod.file"],
    ["with a spare too few", ["--halod-spares", "-1"], 2, "--halod-spares"],
    ["waiting for more than it lets in", ["--halod-nodes", "9", "--halod-max-bridges", "8"], 2, "which is 8"],
    ["with a table too long", ["--link-max-frame-bytes", "65536", "--halod-max-bridges", "300"], 2, "fit into a frame"],
    ["with a third word", ["table", "--nodes", "0"], 2, "at least 1"],
  ])("does not start %s", async (_, flags, exitCode, text) => {
    await using tier = TierProcess.launch(["halod", ...flags]);
    const { code } = await tier.exited;
    expect([code, tier.output]).toEqual([exitCode, []]);
    expect(tier.log.join("\n")).toContain(text);
  });

  it("does not start with a broken file, says what to do, and leaves it as it is", async () => {
    await writeFile(file, "{");
    await using tier = TierProcess.launch(["halod", "--port", "0", "--halod-file", file]);
    const { code } = await tier.exited;
    expect(code).toBe(1);
    expect(tier.log.join("\n")).toMatch(/^tailspin: .*halod\.json, which is halod\.file, is broken .* or delete it/);
    expect(await readFile(file, "utf8")).toBe("{");
  });
});

function withoutTimes(text: string): string {
  return text
    .replace(/\b\d+ (s|min|h|d)\b( \d+ (s|min|h)\b)?/g, "…")
    .replace(/ +for +sessions\n/, "\n")
    .replace(/ +…/g, " …")
    .replace(/… +/g, "… ");
}
