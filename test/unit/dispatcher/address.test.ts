import { describe, expect, it } from "vitest";
import { addressText } from "../../../bridges/identity/address.ts";
import { addressHex } from "../../../dispatcher/http/address.ts";

describe("addressHex", () => {
  it.each([
    ["203.0.113.7", "00000000000000000000ffffcb007107", "203.0.113.7"],
    ["::ffff:203.0.113.7", "00000000000000000000ffffcb007107", "203.0.113.7"],
    ["2001:DB8::1", "20010db8000000000000000000000001", "2001:db8:0:0:0:0:0:1"],
    ["::1", "00000000000000000000000000000001", "0:0:0:0:0:0:0:1"],
    ["::", "0".repeat(32), "0:0:0:0:0:0:0:0"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008", "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000", "1:2:3:4:5:6:7:0"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221", "64:ff9b:0:0:0:0:c000:221"],
    ["fe80::1%eth0", "fe800000000000000000000000000001", "fe80:0:0:0:0:0:0:1"],
  ])("reads %s, and addressText writes it", (text, hex, written) => {
    expect(addressHex(text)).toBe(hex);
    expect(addressText(hex)).toBe(written);
  });

  it.each([
    undefined,
    "",
    "unknown",
    "_hidden",
    "203.0.113.7:80",
    "[2001:db8::1]",
    "1.2.3",
    "1::2::3",
    "203.0.113.7 x",
  ])("finds none in %j", (text) => expect(addressHex(text)).toBe(""));

  it("is unknown where it did not come", () => {
    expect(addressText("")).toBeNull();
  });
});
