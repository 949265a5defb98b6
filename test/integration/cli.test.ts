import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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
      ["halod", "table", "--help"],
      ["--routes N", "(1024)", "--nodes N", "--[no-]json", "--svg [TEXT]"],
    ],
    [
      ["halod", "zone", "--help"],
      ["--domain TEXT", "--nodes A,B", "--iteration N", "--ttl-seconds N"],
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
    ["a table of no nodes", ["halod", "table", "--nodes", "0"], "at least 1"],
    ["a table of less than no nodes", ["halod", "table", "--nodes", "-1"], "at least 1"],
    ["a table of more nodes than routes", ["halod", "table", "--routes", "24", "--nodes", "25"], "which are 24"],
    ["a table of too many routes", ["halod", "table", "--routes", "46656"], "from 1 to 46655"],
    ["a table of words", ["halod", "table", "--routes", "many"], '"many" is not a whole number'],
    ["a table with an unknown flag", ["halod", "table", "--node", "3"], "did you mean --nodes?"],
    ["a table with a configuration", ["halod", "table", "--config", "x"], "--config: this command reads no"],
    ["a table in two ways", ["halod", "table", "--svg", "--json"], "cannot be combined with --svg"],
    ["a picture that cannot be written", ["halod", "table", "--svg", "/nowhere/table.svg"], "/nowhere/table.svg"],
  ] as const)("ends with 2 and a line about it: %s", async ([, args, word]) => {
    const { code, output, errors } = await run(args);
    expect([code, output]).toEqual([2, ""]);
    expect(errors).toMatch(/^tailspin: .+$/);
    expect(errors).toContain(word);
  });

  it("prints the table of routes and nodes, and needs no configuration for it", async () => {
    const args = ["halod", "table", "--routes", "24", "--nodes", "8"];
    const { code, output, errors } = await run(args, { TAILSPIN_ROUTES: "none" });
    expect([code, errors]).toEqual([0, ""]);
    expect(output).toContain("8  111865443338222865476577");
    const json = await run([...args, "--json"]);
    expect(JSON.parse(json.output)).toEqual({
      routes: 24,
      nodes: 8,
      owners: [..."111865443338222865476577"].map(Number),
      moves: [
        { route: 12, from: 3, to: 8 },
        { route: 16, from: 2, to: 8 },
        { route: 4, from: 1, to: 8 },
      ],
    });
  });

  it("draws the table, to standard output or to a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tailspin-cli-"));
    const file = join(folder, "table.svg");
    const args = ["halod", "table", "--routes", "24", "--svg"];
    const printed = await run(args);
    const written = await run([...args, file]);
    expect([printed.code, written.code, written.output]).toEqual([0, 0, `${file}: the picture is written`]);
    expect(printed.output).toMatch(/^<svg [^]*<\/svg>$/);
    expect((await readFile(file, "utf8")).trimEnd()).toBe(printed.output);
    await rm(folder, { recursive: true });
  });

  it("writes the table as a zone", async () => {
    const nodes = ["--nodes", "192.0.2.1,192.0.2.2"];
    const good = await run(["halod", "zone", "--domain", "example.org", ...nodes, "--iteration", "7"]);
    expect([good.code, good.errors]).toEqual([0, ""]);
    expect(good.output.split("\n")).toHaveLength(2 + 1_024);
    expect(good.output).toContain("\nnode1.iteration7.example.org. 1 IN A 192.0.2.1\n");
    expect(good.output).toContain("\nnode1024.iteration7.example.org. 1 IN A 192.0.2.2");
  });

  it("tells all that is wrong with a zone at once", async () => {
    expect((await run(["halod", "zone"])).errors.split("\n")).toEqual([
      "tailspin: 3 faults in the flags:",
      "  domain: give the zone, for example --domain example.org",
      "  nodes: give the nodes, for example --nodes 192.0.2.1,192.0.2.2",
      "  iteration: give the iteration, for example --iteration 7",
    ]);
    const options = ["--domain", "a b", "--nodes", "192.0.2.1,x y", "--iteration", "0", "--ttl-seconds", "soon"];
    const { code, output, errors } = await run(["halod", "zone", ...options]);
    expect([code, output]).toEqual([2, ""]);
    expect(errors).toContain("tailspin: 4 faults in the flags:");
    for (const word of ["--domain", "--nodes[1]", "--iteration", "--ttl-seconds"]) expect(errors).toContain(word);
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
