import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TierProcess } from "../support/stack.ts";

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command that ends by itself. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  await using tier = TierProcess.launch(args, env);
  const { code } = await tier.exited;
  return { code, output: tier.output.join("\n"), errors: tier.log.join("\n") };
}

describe("tailspin", () => {
  it.for([
    [["--help"], ["up", "dispatcher", "bridge", "map", "config check"]],
    [[], ["up", "dispatcher", "bridge", "map", "config check"]],
    [
      ["up", "--help"],
      ["--port", "--irc-port", "--config FILE", "(8080)", "(6667)"],
    ],
    [
      ["dispatcher", "--help"],
      ["--dispatcher-bridges", "--secret", "(8080)"],
    ],
    [
      ["bridge", "--help"],
      ["--irc-host", "--bridge-port", "--secret", "(7070)"],
    ],
    [
      ["map", "--help"],
      ["tailspin map NAME...", "--mapping JSON", "--config FILE"],
    ],
    [
      ["config", "check", "--help"],
      ["tailspin config check", "--config FILE"],
    ],
  ] as const)("explains itself: %s", async ([args, words]) => {
    const { code, output, errors } = await run(args);
    expect([code, errors]).toEqual([0, ""]);
    for (const word of words) expect(output).toContain(word);
  });

  it("tells its version", async () => {
    expect(await run(["--version"])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^tailspin \d+\.\d+\.\d+$/),
    });
  });

  it("ends with 2 and one message that names every fault of file, environment and flags", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tailspin-cli-"));
    const file = join(folder, "bad.yaml");
    await writeFile(file, "dispatcher:\n  prt: 1\nlog: { level: loud }\n");
    for (const command of [["up"], ["dispatcher"], ["config", "check"]]) {
      const args = [...command, "--config", file, "--irc-port", "99999", "--frob", "1"];
      const { code, output, errors } = await run(args, { TAILSPIN_BRIDGE_NODE: "none" });
      expect([code, output]).toEqual([2, ""]);
      expect(errors.split("\n")).toEqual([
        "tailspin: 5 faults in the configuration:",
        ...Array.from({ length: 5 }, () => expect.stringMatching(/^ {2}\S/)),
      ]);
      for (const word of ["bad.yaml:2", "dispatcher.port", "bad.yaml:3", '"loud"', "--irc-port", "--frob"])
        expect(errors).toContain(word);
      expect(errors).toContain("TAILSPIN_BRIDGE_NODE");
    }
    await rm(folder, { recursive: true });
  });

  it.for([
    ["an unknown command", ["frob"], "frob"],
    ["a file that is not there", ["up", "--config", "/nowhere/tailspin.yaml"], "/nowhere/tailspin.yaml"],
    ["a bridge off loopback without a secret", ["bridge", "--irc-host", "a", "--bridge-host", "0.0.0.0"], "secret"],
    ["a dispatcher off loopback without a secret", ["dispatcher", "--dispatcher-host", "0.0.0.0"], "secret"],
    ["a bridge without an IRC server", ["bridge"], "irc.host"],
  ] as const)("ends with 2 and a line about it: %s", async ([, args, word]) => {
    const { code, output, errors } = await run(args);
    expect([code, output]).toEqual([2, ""]);
    expect(errors).toMatch(/^tailspin: .+$/);
    expect(errors).toContain(word);
  });

  it("says of a good configuration what is set, by whom, and no secret", async () => {
    const { code, output } = await run(["config", "check", "--port", "9"], { TAILSPIN_SECRET: "hush-hush" });
    expect(code).toBe(0);
    expect(output).toContain("dispatcher.port = 9");
    expect(output).toContain("TAILSPIN_SECRET");
    expect(output).not.toContain("hush-hush");
  });

  it.for([
    ["up, for HTTP", (port) => ["up", "--irc-port", "0", "--port", port]],
    ["up, for IRC", (port) => ["up", "--port", "0", "--irc-port", port]],
    ["dispatcher", (port) => ["dispatcher", "--log-level", "warn", "--port", port]],
    ["bridge", (port) => ["bridge", "--irc-host", "127.0.0.1", "--bridge-port", port]],
  ] as const satisfies [string, (port: string) => string[]][])(
    "ends with 1 and a line that names the port when it is taken: %s",
    async ([, args]) => {
      const taken = createServer();
      taken.listen(0, "127.0.0.1");
      await once(taken, "listening");
      const { port } = taken.address() as AddressInfo; // Listening on TCP.
      const { code, output, errors } = await run(args(String(port)));
      expect([code, output]).toEqual([1, ""]);
      expect(errors).toMatch(new RegExp(`^tailspin: .*in use.*$`, "m"));
      expect(errors).toContain(String(port));
      expect(errors).not.toMatch(/^\s+at /m);
      taken.close();
      await once(taken, "close");
    },
  );
});
