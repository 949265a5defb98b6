import { describe, expect, it } from "vitest";
import { faultsOf, load } from "./sources.ts";

describe("flags", () => {
  it.each([
    [["--irc-tls"], true],
    [["--irc-tls=true"], true],
    [["--irc-tls", "true", "--port", "1"], true],
    [["--irc-tls=false"], false],
    [["--irc-tls", "false"], false],
    [["--no-irc-tls"], false],
    [["--irc-tls", "--port", "1"], true],
  ])("reads the boolean in %j as %j", (flags, expected) => {
    expect(load({ env: { TAILSPIN_IRC_TLS: String(!expected) }, flags }).irc.tls).toBe(expected);
  });

  it.each([
    [["--port=1", "--port=2"], "--port: is given twice"],
    [
      ["--port=1", "--dispatcher-port=1"],
      "--dispatcher-port: sets dispatcher.port, and so does --port; give one of them",
    ],
    [["--irc-tls", "--no-irc-tls"], "--no-irc-tls: sets irc.tls, and so does --irc-tls; give one of them"],
    [
      ["--irc-nick"],
      "--irc-nick: needs a value, text of 1 to 30 characters; one that begins with -- is written --irc-nick=VALUE",
    ],
    [
      ["--port", "--irc-tls"],
      "--port: needs a value, a whole number from 0 to 65535; one that begins with -- is written --port=VALUE",
    ],
    [["--no-irc-tls=false"], '--no-irc-tls: takes no value; write --irc-tls="false"'],
    [["--irc-tls=maybe"], '--irc-tls: "maybe" is not true or false'],
    [["--port="], '--port: "" is not a whole number from 0 to 65535'],
    [["--max-body-bytes", "5"], "--max-body-bytes: unknown flag; did you mean --dispatcher-max-body-bytes?"],
    [["--config"], "--config: needs the path of a file"],
    [["--config="], "--config: needs the path of a file"],
    [["--"], "--: is not a flag; flags are written --key value or --key=value"],
    [["-p"], "-p: is not a flag; flags are written --key value or --key=value"],
    [["extra"], "extra: is not a flag; flags are written --key value or --key=value"],
    [["port=1"], '"port=1": is not a flag; flags are written --key value or --key=value'],
  ])("refuses %j", (flags, fault) => {
    expect(faultsOf({ flags })).toEqual([fault]);
  });

  it("tells of --config given twice, after reading the first", () => {
    const files = { "/etc/app/a.yaml": "routes: 5" };
    expect(faultsOf({ files, flags: ["--config", "a.yaml", "--config", "b.yaml"] })).toEqual([
      "--config: is given twice",
    ]);
  });

  it("takes a value that begins with one dash, and any value after =", () => {
    expect(load({ flags: ["--irc-nick", "-x"] }).irc.nick).toBe("-x");
    expect(load({ flags: ["--irc-nick=--x=y"] }).irc.nick).toBe("--x=y");
  });

  it.each(["0x10", "1e999", "NaN", "Infinity", "1_000", "", " ", "12px", "1.5"])("refuses %j as a port", (text) => {
    expect(faultsOf({ flags: [`--port=${text}`] })).toHaveLength(1);
  });
});
