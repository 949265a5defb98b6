import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { linkSchema } from "../../../link/config.ts";
import { LINK_ERRORS } from "../../../link/errors.ts";
import { KIND, WIRE_VERSION } from "../../../link/wire.ts";

const text = await readFile(new URL("../../../link/README.md", import.meta.url), "utf8");
/** The formatter pads the cells of tables. */
const readme = text.replace(/ +/g, " ");

describe("the wire document", () => {
  it.each(Object.entries(KIND))("has the kind of %s", (type, kind) => {
    expect(readme).toContain(`| \`0x${kind.toString(16).padStart(2, "0")}\` | \`${type}\` |`);
  });

  it.each(Object.entries(LINK_ERRORS))("explains the error %s", (code, text) => {
    expect(readme).toContain(`| \`${code}\` | ${text} |`);
  });

  it.each(Object.entries(linkSchema.parse({})))("has the default of %s", (key, value) => {
    expect(readme).toMatch(new RegExp(`\\| \`${key}\` \\| ${value} \\|`));
  });

  it("is of this version", () => {
    expect(readme).toContain(`version **${WIRE_VERSION}**`);
  });
});
