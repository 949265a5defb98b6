import { describe, expect, it } from "vitest";
import { dispatcherFaults, dispatcherSchema } from "../../../dispatcher/index.ts";

describe("dispatcherSchema", () => {
  it("has a default for everything, on loopback", () => {
    expect(dispatcherSchema.parse({})).toMatchObject({ host: "127.0.0.1", port: 8_080, bridges: ["127.0.0.1:7070"] });
  });

  it.each(["localhost:7070", "[::1]:7070", "bridge-1.internal:65535"])("takes the bridge address %s", (address) => {
    expect(dispatcherSchema.safeParse({ bridges: [address] }).success).toBe(true);
  });

  it.each(["localhost", ":7070", "::1:7070", "host:99999", "host:", "a b:1"])(
    "refuses the bridge address %s",
    (address) => {
      expect(dispatcherSchema.safeParse({ bridges: [address] }).success).toBe(false);
    },
  );

  it("learns of bridges from a list or from HaloD, not from both", () => {
    const faultsOf = (config: object) => dispatcherFaults(dispatcherSchema.parse(config)).map(({ message }) => message);
    expect([faultsOf({}), faultsOf({ bridges: ["a:1"] }), faultsOf({ halod: ["halod:7071"] })]).toEqual([[], [], []]);
    expect(faultsOf({ halod: ["halod:7071"], bridges: ["a:1"] })).toEqual([
      "must not be set together with dispatcher.halod: HaloD tells the bridges",
    ]);
  });

  it("opens no inside, and none without both its port and its token", () => {
    const faultsOf = (inside: object) => dispatcherFaults(dispatcherSchema.parse({ inside }));
    const token = "0123456789abcdef";
    expect(dispatcherSchema.parse({}).inside).toMatchObject({ host: "127.0.0.1", maxRecipients: 1_000 });
    expect(dispatcherSchema.parse({}).inside).not.toHaveProperty("port");
    expect([faultsOf({}), faultsOf({ port: 8_081, token })]).toEqual([[], []]);
    expect(faultsOf({ port: 8_081 })).toMatchObject([{ path: ["inside", "token"] }]);
    expect(faultsOf({ token })).toMatchObject([{ path: ["inside", "port"] }]);
    for (const bad of ["short", "with spaces in it, twenty", ""])
      expect(dispatcherSchema.safeParse({ inside: { port: 1, token: bad } }).success).toBe(false);
  });

  it("refuses unknown keys, and a pause below what a socket reports", () => {
    expect(dispatcherSchema.safeParse({ prot: 1 }).success).toBe(false);
    expect(dispatcherSchema.safeParse({ pauseBytes: 1_000 }).success).toBe(false);
  });
});
