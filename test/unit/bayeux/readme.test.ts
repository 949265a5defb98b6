import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../../bayeux/index.ts";

const readme = read("../../../bayeux/README.md");

/** What a Bayeux server must do, by number: a MUST, a SHOULD, a MAY of the specification, or what clients need in fact. */
const STRENGTHS: Readonly<Record<string, string>> = {
  ...{ 1: "MOD", 2: "M", 3: "MSD", 4: "M", 5: "SD", 6: "MS", 7: "D" },
  ...{ 8: "M", 9: "M", 10: "M", 11: "MD", 12: "D", 13: "D" },
  ...{ 14: "MO", 15: "M", 16: "S", 17: "M" },
  ...{ 18: "M", 19: "M", 20: "S", 21: "D", 22: "M", 23: "S", 24: "S" },
  ...{ 25: "MD", 26: "MSD", 27: "MD", 28: "MDO" },
  ...{ 29: "MOD", 30: "SD", 31: "D", 32: "D", 33: "D", 34: "D", 35: "S", 36: "D", 37: "D", 38: "D" },
};

function isKept([, , , , test = ""]: readonly string[]): boolean {
  return !test.startsWith("not ");
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

/** The rows of the first table under a heading, without its head. */
function tableUnder(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, line.lastIndexOf("|"))
      .split("|")
      .map((cell) => cell.trim().replaceAll("\\_", "_")),
  );
}

describe("the README of bayeux", () => {
  it("lists every error with its code and text, in the order of the catalogue", () => {
    const listed = tableUnder("Errors").map(([name, code, text]) => [name, code, text]);
    const catalogue = Object.entries(ERRORS).map(([name, [code, text]]) => [`\`${name}\``, String(code), text]);
    expect(listed).toEqual(catalogue);
  });

  it("says when each error is sent", () => {
    expect(tableUnder("Errors").filter(([, , , when]) => !when)).toEqual([]);
  });

  const rules = tableUnder("Rules");

  it("has a table of rules, in order", () => {
    const numbers = rules.map(([rule]) => Number(rule));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(rules.filter(([, strength]) => !/^[MSOD](, [MSOD])*$/.test(strength ?? ""))).toEqual([]);
  });

  it.each(Object.entries(STRENGTHS))("has a row for rule %s in each of its strengths: %s", (rule, strengths) => {
    const told = rules.filter(([number]) => number === rule).map(([, strength]) => strength);
    for (const strength of strengths) expect(told.join()).toContain(strength);
  });

  it("has no row for a rule that there is not", () => {
    expect(rules.filter(([rule = ""]) => !(rule in STRENGTHS))).toEqual([]);
  });

  it.each(rules.filter(isKept))(
    "names the file and the test of rule %s, %s: %s",
    (_rule, _strength, _what, file, test) => {
      const source = (file ?? "").replaceAll("`", "");
      const place = source.includes("/") ? `../../../${source}` : `../../../bayeux/${source}`;
      expect(existsSync(new URL(place, import.meta.url)), `${source} does not exist`).toBe(true);
      const [, path, title] = /^`([\w/-]+(?:\.test)?\.ts)`: (.+)$/.exec(test ?? "") ?? [];
      if (!path || !title) throw new Error(`"${test}" names no test`);
      const suite = read(path.includes("/") ? `../../${path}` : `./${path}`);
      expect(suite.includes(`"${title}"`), `${path} has no test named "${title}"`).toBe(true);
    },
  );

  it.each(rules.filter((row) => !isKept(row)))(
    "says why rule %s, %s, is not kept: %s",
    (_rule, _strength, _what, file, why) => {
      expect(file).toBe("–");
      const [, decision] =
        /^not (?:yet: .+|done: decision (\d+))$/.exec(why ?? "") ?? expect.fail(`"${why}" says nothing`);
      if (decision !== undefined) expect(read("../../../DECISIONS.md")).toContain(`\n## ${decision}. `);
    },
  );

  it("names every file of the folder", () => {
    const named = [...readme.matchAll(/^\| `([a-z-]+\.ts)`/gm)].map(([, file]) => file);
    const door = [...read("../../../bayeux/index.ts").matchAll(/"\.\/(.+\.ts)"/g)].map(([, file]) => file);
    expect(new Set(named)).toEqual(new Set([...door, "index.ts"]));
  });
});
