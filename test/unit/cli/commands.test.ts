import { describe, expect, it } from "vitest";
import { ConfigError, parseCommand } from "../../../cli/index.ts";

describe("parseCommand", () => {
  it.each([
    [[], { command: "help", topic: "tailspin" }],
    [["--help"], { command: "help", topic: "tailspin" }],
    [["-h"], { command: "help", topic: "tailspin" }],
    [["help"], { command: "help", topic: "tailspin" }],
    [["help", "up"], { command: "help", topic: "up" }],
    [["help", "config"], { command: "help", topic: "config check" }],
    [["up", "--help"], { command: "help", topic: "up" }],
    [["bridge", "--port", "1", "-h"], { command: "help", topic: "bridge" }],
    [["config", "--help"], { command: "help", topic: "config check" }],
    [["config", "check", "--help"], { command: "help", topic: "config check" }],
    [["--version"], { command: "version" }],
    [["version"], { command: "version" }],
    [["up"], { command: "up", flags: [] }],
    [["dispatcher", "--port", "1"], { command: "dispatcher", flags: ["--port", "1"] }],
    [["map", "/a", "#b", "--config", "/x"], { command: "map", names: ["/a", "#b"], flags: ["--config", "/x"] }],
    [["map", "/a"], { command: "map", names: ["/a"], flags: [] }],
    [["map", "--help"], { command: "help", topic: "map" }],
    [["halod", "table", "--routes", "24"], { command: "halod table", flags: ["--routes", "24"] }],
    [["halod", "zone"], { command: "halod zone", flags: [] }],
    [["halod", "zone", "--nodes", "a", "-h"], { command: "help", topic: "halod zone" }],
    [["help", "halod", "table"], { command: "help", topic: "halod table" }],
    [["help", "halod"], { command: "help", topic: "halod" }],
    [["halod", "--help"], { command: "help", topic: "halod" }],
    [["halod"], { command: "halod", flags: [] }],
    [["halod", "--port", "1"], { command: "halod", flags: ["--port", "1"] }],
    [["status", "--halod", "a:1"], { command: "status", flags: ["--halod", "a:1"] }],
    [["config", "check", "--config", "x"], { command: "config check", flags: ["--config", "x"] }],
  ])("reads %j", (argv, expected) => {
    expect(parseCommand(argv)).toEqual(expected);
  });

  const list =
    "the commands are up, dispatcher, bridge, halod, status, map, config check, halod table, halod zone, help, version";
  it.each([
    [["dispacher"], `dispacher: unknown command; ${list}; did you mean dispatcher?`],
    [["xyzzy"], `xyzzy: unknown command; ${list}`],
    [["config"], "config: needs a second word; did you mean config check?"],
    [["config", "chekc"], "config chekc: unknown command; did you mean config check?"],
    [["halod", "tabel"], "halod tabel: unknown command; did you mean halod table or halod zone?"],
    [["hadol", "zone"], `hadol: unknown command; ${list}; did you mean halod zone?`],
    [["cofnig", "check"], `cofnig: unknown command; ${list}; did you mean config check?`],
    [["help", "brige"], `brige: unknown command; ${list}; did you mean bridge?`],
    [["--port", "1", "up"], `--port: a command stands before the flags; ${list}`],
    [["--secret=x"], `--secret: a command stands before the flags; ${list}`],
    [["map"], "map: needs channels or foreign names, before the flags: map /lobby --config FILE"],
    [["map", "--irc-host", "a"], "map: needs channels or foreign names, before the flags: map /lobby --config FILE"],
    [[""], `"": unknown command; ${list}`],
  ])("refuses %j", (argv, message) => {
    expect(() => parseCommand(argv)).toThrow(new ConfigError([message]));
  });
});
