import { describe, expect, it } from "vitest";
import { format } from "prettier";
import { z } from "zod";
import {
  COMMANDS,
  describeCheck,
  describeConfig,
  listKeys,
  renderHelp,
  renderJsonSchema,
  renderScreen,
  resolveConfig,
  wantsColor,
} from "../../../cli/index.ts";
import { sampleSchema } from "./sample-schema.ts";
import { sourcesOf } from "./sources.ts";

const keys = listKeys(sampleSchema);

describe("listKeys", () => {
  it("names every key in all three sources, in the schema's order", () => {
    expect(keys.map(({ flag, shortFlag, env, type, isSecret }) => [flag, shortFlag, env, type, isSecret])).toEqual([
      ["--log-level", undefined, "TAILSPIN_LOG_LEVEL", ["fatal", "error", "warn", "info", "debug"], false],
      ["--secret", undefined, "TAILSPIN_SECRET", "string", true],
      ["--routes", undefined, "TAILSPIN_ROUTES", "number", false],
      ["--dispatcher-host", "--host", "TAILSPIN_DISPATCHER_HOST", "string", false],
      ["--dispatcher-port", "--port", "TAILSPIN_DISPATCHER_PORT", "number", false],
      ["--dispatcher-bridges", undefined, "TAILSPIN_DISPATCHER_BRIDGES", "list", false],
      ["--dispatcher-max-body-bytes", undefined, "TAILSPIN_DISPATCHER_MAX_BODY_BYTES", "number", false],
      ["--dispatcher-is-compressed", undefined, "TAILSPIN_DISPATCHER_IS_COMPRESSED", "boolean", false],
      ["--bridge-host", undefined, "TAILSPIN_BRIDGE_HOST", "string", false],
      ["--bridge-port", undefined, "TAILSPIN_BRIDGE_PORT", "number", false],
      ["--bridge-node", undefined, "TAILSPIN_BRIDGE_NODE", "number", false],
      ["--irc-host", undefined, "TAILSPIN_IRC_HOST", "string", false],
      ["--irc-port", undefined, "TAILSPIN_IRC_PORT", "number", false],
      ["--irc-tls", undefined, "TAILSPIN_IRC_TLS", "boolean", false],
      ["--irc-password", undefined, "TAILSPIN_IRC_PASSWORD", "string", true],
      ["--irc-nick", undefined, "TAILSPIN_IRC_NICK", "string", false],
      ["--irc-aliases", undefined, "TAILSPIN_IRC_ALIASES", "json", false],
      ["--irc-account", undefined, "TAILSPIN_IRC_ACCOUNT", "string", true],
    ]);
  });

  it("knows defaults, descriptions and what is allowed", () => {
    expect(keys.find(({ name }) => name === "dispatcher.port")).toMatchObject({
      default: 8_080,
      description: "0 = any free port",
      allowed: "a whole number from 0 to 65535",
    });
  });

  it("takes the default that the outer section gives, before the key's own", () => {
    const schema = z.strictObject({ a: z.strictObject({ b: z.number().default(1) }).default({ b: 2 }) });
    expect(listKeys(schema).map((key) => key.default)).toEqual([2]);
  });

  it("refuses a schema in which two keys share a name", () => {
    const schema = z.strictObject({ aB: z.string().default(""), a: z.strictObject({ b: z.string().default("") }) });
    expect(() => listKeys(schema)).toThrow("two configuration keys share the name --a-b");
  });

  it("reads unions: fixed words, or JSON with text as it is", () => {
    const schema = z.strictObject({
      words: z.union([z.literal("a"), z.enum(["b", "c"])]).optional(),
      mixed: z.union([z.boolean(), z.literal("auto")]).optional(),
      maybe: z.number().nullable().optional(),
    });
    expect(listKeys(schema).map(({ type, allowed }) => [type, allowed])).toEqual([
      [["a", "b", "c"], "a or one of b, c"],
      ["json", "true or false or auto"],
      ["number", "a number"],
    ]);
    const flags = ["--words=c", "--mixed=true", "--maybe=1.5"];
    expect(resolveConfig(schema, sourcesOf({ flags })).config).toEqual({ words: "c", mixed: true, maybe: 1.5 });
    expect(resolveConfig(schema, sourcesOf({ flags: ["--mixed", "auto"] })).config).toEqual({ mixed: "auto" });
  });
});

describe("renderHelp", () => {
  it.each(["tailspin", ...COMMANDS] as const)("fits %s on a screen, and ends with a line end", (topic) => {
    const text = renderHelp(topic, listKeys(sampleSchema, topic === "tailspin" ? "up" : topic));
    const lines = text.split("\n");
    expect(text).toContain(topic === "tailspin" ? "Usage: tailspin COMMAND" : `Usage: tailspin ${topic}`);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.length).toBeLessThanOrEqual(50);
    // What needs no configuration does not speak of it.
    expect(text.includes("--config FILE")).toBe(!topic.startsWith("halod "));
    expect(text.includes("flags win over the environment")).toBe(!topic.startsWith("halod "));
    expect(text.endsWith("\n")).toBe(true);
  });

  it("shows the keys of the sections that the command uses, each once, with defaults", () => {
    const text = renderHelp("dispatcher", listKeys(sampleSchema, "dispatcher"));
    expect(text).toMatch(/--port, --dispatcher-port N +0 = any free port \(8080\)\n/);
    expect(text).toMatch(/--dispatcher-bridges A,B +\(127\.0\.0\.1:7070\)\n/);
    expect(text).toMatch(/--\[no-\]dispatcher-is-compressed +whether answers are compressed \(true\)\n/);
    expect(text.match(/--secret /g)).toHaveLength(1);
    expect(text).not.toContain("--irc-port");
    expect(renderHelp("bridge", listKeys(sampleSchema, "bridge"))).toMatch(/--port, --bridge-port N .*\(7070\)/);
  });

  it("never shows the default of a secret", () => {
    const schema = z.strictObject({ secret: z.string().default("hunter2") });
    const text = renderHelp("up", listKeys(schema)) + describeConfig(listKeys(schema));
    expect(text).not.toContain("hunter2");
  });
});

describe("describeConfig", () => {
  it("is a Markdown table that prettier leaves as it is", async () => {
    const table = describeConfig(keys);
    expect(table.split("\n")).toHaveLength(keys.length + 3);
    expect(table).toContain("`--port`, `--dispatcher-port`");
    expect(table).toContain("bytes of one request \\| frame");
    expect(await format(table, { parser: "markdown", printWidth: 120 })).toBe(table);
  });
});

describe("describeCheck", () => {
  it("lists what is set and by whom, without secrets", () => {
    const files = { "/etc/app/tailspin.yaml": "secret: hunter2\nirc: { aliases: { token: hunter2, /a: '#b' } }\n" };
    expect(describeCheck(resolveConfig(sampleSchema, sourcesOf({ files, flags: ["--port=0"] })))).toBe(
      [
        "The configuration is good.",
        "The file is /etc/app/tailspin.yaml.",
        "Set, while every other key has its default:",
        "  secret = (not shown)    from /etc/app/tailspin.yaml:1:1",
        "  dispatcher.port = 0    from --port",
        '  irc.aliases = {"token":"(not shown)","/a":"#b"}    from /etc/app/tailspin.yaml:2:8',
        "",
      ].join("\n"),
    );
  });

  it("says so when nothing is set", () => {
    expect(describeCheck(resolveConfig(sampleSchema, sourcesOf({})))).toContain("Every key has its default.");
  });
});

describe("renderJsonSchema", () => {
  it("accepts a file that names only some keys", () => {
    const schema: unknown = JSON.parse(renderJsonSchema(sampleSchema));
    expect(schema).toMatchObject({ type: "object", additionalProperties: false });
    expect(schema).not.toHaveProperty("required");
  });
});

describe("renderScreen", () => {
  const screen = {
    version: "0.1.0",
    chatUrl: "http://127.0.0.1:8080/",
    stackUrl: "http://127.0.0.1:8080/halo",
    bayeuxUrl: "http://127.0.0.1:8080/bayeux",
    irc: { host: "127.0.0.1", port: 6_667, tls: false, isEmbedded: true },
    lobby: { network: "irc", name: "#lobby" },
    isColored: false,
  };

  it("shows every address and a line to try, on one screen of plain text", () => {
    const text = renderScreen(screen);
    for (const part of [
      "http://127.0.0.1:8080/\n",
      "http://127.0.0.1:8080/halo\n",
      "/bayeux\n",
      "127.0.0.1:6667",
      "nc -q 3 127.0.0.1 6667",
      "Ctrl-C",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain(
      String.raw`printf 'NICK you\r\nUSER you 0 * :you\r\nJOIN #lobby\r\nPRIVMSG #lobby :hello\r\n'`,
    );
    expect(text.split("\n").length).toBeLessThan(24);
    expect(text).toMatch(/^[ -~\n]+$/);
  });

  it("offers no nc for a network outside, and says when it uses TLS", () => {
    const text = renderScreen({
      ...screen,
      irc: { host: "irc.example.org", port: 6_697, tls: true, isEmbedded: false },
    });
    expect(text).not.toContain("nc -q");
    expect(text).toContain("irssi -c irc.example.org -p 6697 --tls");
    expect(text).toContain("(TLS)");
  });

  it("names the XMPP server and the room, and no IRC where there is none", () => {
    const lobby = { network: "xmpp", name: "lobby@conference.example.org" };
    const text = renderScreen({ ...screen, irc: undefined, xmpp: { host: "::1", port: 5_222 }, lobby });
    expect(text).toContain("XMPP        [::1]:5222\n");
    expect(text).toContain("join the room lobby@conference.example.org");
    expect(text).not.toContain("IRC");
    expect(renderScreen({ ...screen, lobby })).not.toContain("irssi");
  });

  it("is coloured only on a terminal without NO_COLOR", () => {
    expect([wantsColor(true, undefined), wantsColor(true, ""), wantsColor(true, "1")]).toEqual([true, true, false]);
    expect([wantsColor(false, undefined), wantsColor(undefined, undefined)]).toEqual([false, false]);
    expect(renderScreen({ ...screen, isColored: true })).toContain("\u001b[1m");
  });
});
