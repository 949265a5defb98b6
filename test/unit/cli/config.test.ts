import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError, exitCodeOf, loadConfig, resolveConfig } from "../../../cli/index.ts";
import { sampleSchema } from "./sample-schema.ts";
import { faultsOf, load, sourcesOf } from "./sources.ts";

describe("loadConfig", () => {
  it("gives the defaults when no source says anything", () => {
    const config = load({});
    expect(config.dispatcher).toEqual({
      host: "127.0.0.1",
      port: 8_080,
      bridges: ["127.0.0.1:7070"],
      maxBodyBytes: 131_072,
      isCompressed: true,
    });
    expect(config.irc).not.toHaveProperty("host");
  });

  it("lets flags win over the environment, and the environment over the file", () => {
    const config = load({
      files: { "/etc/app/tailspin.yaml": "dispatcher: { port: 1, host: a, maxBodyBytes: 1 }\nsecret: s" },
      env: { TAILSPIN_DISPATCHER_PORT: "2", TAILSPIN_DISPATCHER_HOST: "b" },
      flags: ["--port", "3"],
    });
    expect(config.dispatcher).toMatchObject({ port: 3, host: "b", maxBodyBytes: 1 });
  });

  it("turns text into the type of its key", () => {
    const config = load({
      env: {
        TAILSPIN_DISPATCHER_BRIDGES: "a:1, b:2,",
        TAILSPIN_IRC_TLS: "yes",
        TAILSPIN_IRC_NICK: "007",
        TAILSPIN_IRC_ALIASES: '{"/support":"#help"}',
        TAILSPIN_LOG_LEVEL: "debug",
      },
      flags: ["--dispatcher-max-body-bytes", "65536"],
    });
    expect(config.dispatcher).toMatchObject({ bridges: ["a:1", "b:2"], maxBodyBytes: 65_536 });
    expect(config.irc).toMatchObject({ tls: true, nick: "007", aliases: { "/support": "#help" } });
    expect(config.log.level).toBe("debug");
  });

  it("counts an empty variable as not set", () => {
    expect(load({ env: { TAILSPIN_IRC_HOST: "", TAILSPIN_DISPATCHER_PORT: "" } }).dispatcher.port).toBe(8_080);
  });

  it("freezes the result to the last leaf", () => {
    const config = load({});
    expect([config, config.dispatcher, config.dispatcher.bridges, config.irc.aliases].map(Object.isFrozen)).toEqual(
      Array(4).fill(true),
    );
  });

  it("tells the faults of all sources at once, each with its origin", () => {
    const faults = faultsOf({
      files: { "/etc/app/tailspin.yaml": "dispatcher:\n  prot: 1\n  maxBodyBytes: 0\nlog: { level: verbos }\n" },
      env: { TAILSPIN_DISPATCHER_HOST: "0.0.0.0", TAILSPIN_IRC_PORT: "70000", TAILSPIN_IRC_TSL: "1" },
      flags: ["--port", "x", "--irc-nik=a", "--no-irc-port", "--dispatcher-bridges", "a:1,b"],
    });
    expect(faults).toEqual([
      "TAILSPIN_IRC_TSL: unknown variable; did you mean TAILSPIN_IRC_TLS?",
      "--irc-nik: unknown flag; did you mean --irc-nick?",
      "--no-irc-port: only a key that is true or false can be denied with --no-",
      '/etc/app/tailspin.yaml:4:8: log.level: "verbos" is not one of fatal, error, warn, info, debug',
      '--port: "x" is not a whole number from 0 to 65535',
      '--dispatcher-bridges[1]: "b" is not accepted: must be HOST:PORT',
      "/etc/app/tailspin.yaml:3:3: dispatcher.maxBodyBytes: 0 is not a whole number greater than 0",
      "/etc/app/tailspin.yaml:2:3: dispatcher.prot: unknown key; did you mean dispatcher.port?",
      'TAILSPIN_IRC_PORT: "70000" is not a whole number from 0 to 65535',
      "secret: is needed when a tier listens off loopback",
    ]);
  });

  it("suggests the nearest word of a fixed list", () => {
    expect(faultsOf({ flags: ["--log-level", "wran"] })).toEqual([
      '--log-level: "wran" is not one of fatal, error, warn, info, debug; did you mean warn?',
    ]);
  });

  it("says in its message how many faults there are, and shows a single one alone", () => {
    expect(new ConfigError(["a", "b"]).message).toBe("2 faults in the configuration:\n  a\n  b");
    expect(new ConfigError(["a"]).message).toBe("a");
    expect(new ConfigError(Array<string>(60).fill("a")).message).toContain("and 10 more");
  });

  it("never shows a secret", () => {
    const text = faultsOf({
      files: {
        "/etc/app/tailspin.yaml":
          "secret: [hunter2]\nirc: { account: {hunter2: hunter2}, password: 7777 , aliases: { token: [hunter2] } }\n",
      },
      env: { TAILSPIN_ICR_PASSWORD: "hunter2" },
      flags: ["--irc-pasword", "hunter2", "--bridge-port", "7070", "--irc-password=a", "hunter2", "--sekret=hunter2"],
    }).join("\n");
    expect(text).not.toContain("7777");
    expect(text).not.toContain("hunter2");
    expect(text).toContain("the value (not shown) is not text");
  });

  it("does not show a table that was given as text", () => {
    expect(faultsOf({ env: { TAILSPIN_IRC_ALIASES: '{"a": hunter2' } })).toEqual([
      "TAILSPIN_IRC_ALIASES: the value is not a table of names and values",
    ]);
  });

  it("escapes control characters in what it shows", () => {
    const [fault = ""] = faultsOf({ env: { TAILSPIN_LOG_LEVEL: "\u001b[2J\u009b\n" } });
    expect(fault).not.toMatch(/[^ -~]/);
  });

  it("names the way to set a key that is missing", () => {
    const schema = z.strictObject({ xmpp: z.strictObject({ domain: z.string().min(1) }) });
    expect(() => loadConfig(schema, sourcesOf({}))).toThrow(
      "xmpp.domain: is missing; set it with --xmpp-domain, TAILSPIN_XMPP_DOMAIN or xmpp.domain in the configuration file, to text that is not empty",
    );
  });

  it("knows what a Kubernetes service link looks like", () => {
    const faults = faultsOf({
      env: { TAILSPIN_DISPATCHER_PORT: "tcp://10.0.0.1:8080", TAILSPIN_SERVICE_HOST: "10.0.0.1" },
    });
    expect(faults).toHaveLength(2);
    for (const fault of faults) expect(fault).toContain("enableServiceLinks: false");
  });

  it("refuses names that every object has", () => {
    const faults = faultsOf({
      files: { "/etc/app/tailspin.yaml": "__proto__: { port: 1 }\nconstructor: 1\nirc: { toString: 1 }" },
      flags: ["--__proto__", "1", "--constructor=1"],
      env: { TAILSPIN___PROTO__: "1" },
    });
    expect(faults).toHaveLength(6);
    for (const fault of faults) expect(fault).toContain("unknown");
  });

  it("keeps an empty section's defaults, and refuses a value where a section belongs", () => {
    expect(load({ files: { "/etc/app/tailspin.yaml": "irc:\n  # host: irc.example.org\n" } }).irc.port).toBe(6_667);
    expect(faultsOf({ files: { "/etc/app/tailspin.yaml": "irc: 5" }, flags: ["--irc-port", "1"] })).toEqual([
      "/etc/app/tailspin.yaml:1:1: irc: 5 is not a section with keys of its own",
    ]);
  });

  it("does not let one section's value reach another through a YAML alias", () => {
    const config = load({
      files: { "/etc/app/tailspin.yaml": "dispatcher: &both { host: 127.0.0.1 }\nbridge: *both\n" },
      flags: ["--dispatcher-port", "1"],
    });
    expect([config.dispatcher.port, config.bridge.port]).toEqual([1, 7_070]);
  });

  it("reads --port as the bridge's port for the bridge", () => {
    const config = load({ command: "bridge", flags: ["--port", "1"] });
    expect([config.dispatcher.port, config.bridge.port]).toEqual([8_080, 1]);
  });

  it("tells who set what", () => {
    const { file, set } = resolveConfig(
      sampleSchema,
      sourcesOf({
        files: { "/etc/app/tailspin.yaml": "secret: x" },
        flags: ["--port=1"],
        env: { TAILSPIN_ROUTES: "2" },
      }),
    );
    expect(file).toBe("/etc/app/tailspin.yaml");
    expect(set.map(({ key, value, origin }) => [key.name, value, origin])).toEqual([
      ["secret", "x", "/etc/app/tailspin.yaml:1:1: secret"],
      ["routes", 2, "TAILSPIN_ROUTES"],
      ["dispatcher.port", 1, "--port"],
    ]);
  });

  it("has exit code 2 for the operator's faults and 1 for others", () => {
    expect([exitCodeOf(new ConfigError([])), exitCodeOf(new Error("x")), exitCodeOf(undefined)]).toEqual([2, 1, 1]);
  });
});
