import { describe, expect, it } from "vitest";
import { type Guarded, protectionOf } from "../../../../bridges/keepers/protection.ts";

const told = (fields: Partial<Guarded>) => {
  const keeper = { node: 3, isUp: true };
  return protectionOf({ epoch: 7, keeper, channels: 14, kept: 14, why: null, hasTickets: true, ...fields });
};

describe("what a bridge says of its sessions", () => {
  it("is that they are protected, by the table of an epoch", () => {
    expect(told({})).toEqual({ isProtected: true, reason: "", epoch: 7 });
    expect(told({ channels: 0, kept: 0 }).isProtected).toBe(true);
  });

  it.each<[Partial<Guarded>, string]>([
    [{ keeper: null }, "no other bridge"],
    [{ kept: 12 }, "bridge 3 keeps 12 of 14 channels"],
    [{ kept: 13, why: "invite only" }, "bridge 3 keeps 13 of 14 channels: invite only"],
    [{ kept: 0, keeper: { node: 3, isUp: false } }, "bridge 3, its keeper, is away"],
    [{ channels: 0, kept: 0, keeper: { node: 3, isUp: false } }, "bridge 3, its keeper, is away"],
    [{ hasTickets: false }, "a dispatcher does not read what it is sent"],
  ])("is why not: %j", (fields, reason) => {
    expect(told(fields)).toEqual({ isProtected: false, reason, epoch: 7 });
  });
});
