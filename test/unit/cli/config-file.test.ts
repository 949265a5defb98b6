import { describe, expect, it } from "vitest";
import { faultsOf, load, sourcesOf } from "./sources.ts";

const yaml = (text: string) => ({ files: { "/etc/app/tailspin.yaml": text } });

describe("the configuration file", () => {
  it.each(["tailspin.yaml", "tailspin.yml", "tailspin.json"])("is found as ./%s", (name) => {
    expect(
      load({ files: { [`/etc/app/${name}`]: '{\n\t"routes": 7,\n\t"irc": {"nick": "\\u00e9\\/"}\n}\n' } }),
    ).toMatchObject({
      routes: 7,
      irc: { nick: "é/" },
    });
  });

  it("is named by --config, before TAILSPIN_CONFIG, before the working folder", () => {
    const files = { "/a.yaml": "routes: 1", "/etc/app/b.json": '{"routes":2}', "/etc/app/tailspin.yaml": "routes: 3" };
    const env = { TAILSPIN_CONFIG: "b.json" };
    expect(load({ files, env, flags: ["--config", "/a.yaml"] }).routes).toBe(1);
    expect(load({ files, env }).routes).toBe(2);
    expect(load({ files, env: { TAILSPIN_CONFIG: "" } }).routes).toBe(3);
  });

  it("must be there when it is named, and the other sources are checked all the same", () => {
    expect(faultsOf({ flags: ["--config", "x.yaml", "--port", "y"], env: { TAILSPIN_DISPATCHER_HOST: "::" } })).toEqual(
      ["--config: /etc/app/x.yaml cannot be read (ENOENT)", '--port: "y" is not a whole number from 0 to 65535'],
    );
  });

  it("must be readable when it is there", () => {
    const readFile = () => {
      throw Object.assign(new Error("no"), { code: "EACCES" });
    };
    expect(faultsOf(sourcesOf({ readFile }))[0]).toBe("/etc/app/tailspin.yaml: cannot be read (EACCES)");
  });

  it("must be one", () => {
    const files = { "/etc/app/tailspin.yaml": "", "/etc/app/tailspin.json": "{}" };
    expect(faultsOf({ files })).toEqual([
      "/etc/app/tailspin.json: /etc/app/tailspin.yaml is there too; keep one of them, or choose one with --config",
    ]);
  });

  it.each(["", "# nothing\n", "---\n", "null", "{}", "\ufeff"])("may say nothing: %j", (text) => {
    expect(load(yaml(text)).routes).toBe(1_024);
  });

  it.each([
    ["routes: 1\nirc: [\n", ":3:1: ", "bracket"],
    ['irc:\n  nick: "hunter2\n', ":3:1: ", "a character is missing"],
    ["routes: 1\nroutes: 2\n", ":2:1: ", "twice"],
    ["irc:\n\tnick: a\n", ":2:1: ", "tab"],
    ["irc:\n  password: @hunter2\n", ":2:13: ", "quote"],
    ["irc:\n  password: !hunter2 x\n", ":2:13: ", "tag"],
    ["irc:\n  password: %hunter2\n", ":2:13: ", "quote"],
    ["irc:\n  password: *hunter2\n", ": ", "alias"],
    ["routes: 1\n---\nroutes: 2\n", ":2:1: ", "second document"],
  ])("is told the place of a syntax error in %j", (text, place, words) => {
    const [fault = ""] = faultsOf(yaml(text));
    expect(fault).toContain(`/etc/app/tailspin.yaml${place}`);
    expect(fault).toContain(words);
    expect(fault).not.toContain("hunter2");
  });

  it.each(["- a", "5", "text", "[]"])("must be a section: %j", (text) => {
    expect(faultsOf(yaml(text))).toEqual(["/etc/app/tailspin.yaml: is not a section with keys of its own"]);
  });

  it.each([
    ["many aliases", `a: &a [x]\nb: &b [${"*a,".repeat(99)}]\nc: &c [${"*b,".repeat(99)}]\nd: [${"*c,".repeat(99)}]\n`],
    ["deep nesting", "[".repeat(100_000)],
    ["a value that contains itself", "irc: &x { aliases: *x }"],
    ["a huge file", `# ${"x".repeat(2_000_000)}`],
  ])("is refused for %s", (_, text) => {
    expect(faultsOf(yaml(text)).length).toBeGreaterThan(0);
  });

  it("asks for quotes where a number was written for text, by naming what it got", () => {
    expect(faultsOf(yaml("irc:\n  nick: 42\n"))).toEqual([
      "/etc/app/tailspin.yaml:2:3: irc.nick: 42 is not text of 1 to 30 characters",
    ]);
  });
});
