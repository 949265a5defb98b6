import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pictureOf, tableOf } from "../../../halod/index.ts";
import { contrast, distance, seenBy, type Eyes } from "./colours.ts";

const DOC = new URL("../../../docs/halod.svg", import.meta.url);

/** How often each tag is opened; fails where one is not closed in its place. */
function tagsOf(svg: string): Map<string, number> {
  const [open, counts]: [string[], Map<string, number>] = [[], new Map()];
  for (const [, slash, name = "", rest = ""] of svg.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*\/?)>/g)) {
    if (slash === "/") expect(open.pop()).toBe(name);
    else {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (!rest.endsWith("/")) open.push(name);
    }
  }
  expect(open).toEqual([]);
  return counts;
}

/** The rings from the inside: for each owner its fill, and how many pieces it has. */
function ringsOf(svg: string): { fill: string; owner: number; owns: number; pieces: number }[][] {
  return [...svg.matchAll(/<g[^>]*>(.*?)<\/g>/g)].map(([, ring = ""]) =>
    [...ring.matchAll(/<path d="([^"]+)" fill="([^"]+)"><title>[^<]*: node (\d+) owns ([\d,]+) routes?</g)].map(
      ([, outline = "", fill = "", owner, owns = ""]) => ({
        fill,
        owner: Number(owner),
        owns: Number(owns.replace(",", "")),
        pieces: outline.split("M").length - 1,
      }),
    ),
  );
}

function fillsOf(nodes: number): string[] {
  return (ringsOf(pictureOf(128, nodes)).at(-1) ?? []).toSorted((a, b) => a.owner - b.owner).map(({ fill }) => fill);
}

describe("the picture of a table", () => {
  it.each([
    [1, 1],
    [2, 2],
    [24, 8],
    [48, 48],
    [129, 5],
    [1_024, 8],
    [1_024, 1_024],
  ])("of %i routes and %i nodes is a whole document of plain text, without what is no number", (routes, nodes) => {
    const svg = pictureOf(routes, nodes);
    const tags = tagsOf(svg);
    expect([tags.get("svg"), tags.get("desc")]).toEqual([1, 1]);
    // Nothing is left that a reader of tags has not seen.
    expect(svg.replaceAll(/<\/?[a-z]+(?: [a-zA-Z-]+="[^"<]*")*\/?>/g, "")).not.toMatch(/[<>&]/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity|null/);
    expect(svg).toContain('role="img" aria-labelledby="title desc"');
    expect(svg.length).toBeLessThan(1_000_000);
  });

  it("has a ring for each number of nodes, and in each ring every route at its owner", () => {
    const rings = ringsOf(pictureOf(24, 8));
    expect(rings).toHaveLength(8);
    rings.forEach((ring, index) => {
      const { owners } = tableOf(24, index + 1);
      for (const { owner, owns, pieces } of ring) {
        const count = owners.filter((each) => each === owner).length;
        expect([owns, pieces]).toEqual([count, count]);
      }
      expect(ring).toHaveLength(index + 1);
    });
  });

  it("paints a node alike in every ring", () => {
    const fillOf = new Map<number, string>();
    for (const { owner, fill } of ringsOf(pictureOf(24, 8)).flat()) {
      expect(fillOf.get(owner) ?? fill).toBe(fill);
      fillOf.set(owner, fill);
    }
    expect(fillOf.size).toBe(8);
  });

  it("joins neighbours of one owner where the routes are many, and leaves out rings where the nodes are", () => {
    const rings = ringsOf(pictureOf(1_024, 64));
    expect(rings.map((ring) => ring.length)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64]);
    expect(rings[1]?.map(({ pieces }) => pieces)).toEqual([1, 1]);
  });

  it("says in its title, its description and its legend what it shows", () => {
    const svg = pictureOf(24, 8);
    expect(svg).toContain('<title id="title">HaloD\'s route table: 24 routes on 8 nodes</title>');
    expect(svg).toContain("with 8 nodes each owns 3, 3 moved when the last one joined.</desc>");
    for (let node = 1; node <= 8; node++) expect(svg).toContain(`>node ${node}</text>`);
    expect(pictureOf(1_024, 1_024)).toContain("and 1,008 more nodes, 1 route each");
  });

  it("gives 32 nodes paints of their own, and defines every pattern that it uses", () => {
    expect(new Set(fillsOf(32)).size).toBe(32);
    const svg = pictureOf(48, 40);
    const used = [...svg.matchAll(/url\(#(\w+)\)/g)].map(([, id]) => id);
    const defined = [...svg.matchAll(/<pattern id="(\w+)"/g)].map(([, id]) => id);
    expect(new Set(used)).toEqual(new Set(defined));
  });

  it.each<Eyes>(["all colours", "no red", "no green", "no blue"])("differs for eyes that see %s", (eyes) => {
    const seen = fillsOf(8).map((fill) => seenBy(fill, eyes));
    expect(seen).toHaveLength(8);
    const distances = seen.flatMap((one, index) => seen.slice(index + 1).map((other) => distance(one, other)));
    // In CIE Lab, where about 2 is the least that people see.
    expect(Math.min(...distances)).toBeGreaterThan(15);
  });

  it("can be read: numbers on paints, and all other text on white", () => {
    const svg = pictureOf(24, 8);
    const fills = fillsOf(8);
    const rings = svg.split("\n").filter((line) => line.startsWith("<g"));
    const onPaint = [...rings.join("").matchAll(/font-weight="700" fill="(#\w+)">(\d)</g)];
    // Every route as each ring has it anew: all of the first, then what each join moves.
    expect(onPaint).toHaveLength(24 + 40);
    for (const [, ink = "", node] of onPaint) expect(contrast(ink, fills[Number(node) - 1] ?? "")).toBeGreaterThan(4.5);
    for (const ink of ["#1a1a1a", "#5c5c5c"]) expect(contrast(ink, "#ffffff")).toBeGreaterThan(4.5);
  });

  it("is the one in the document (mend it with: node cli.ts halod table --routes 24 --nodes 8 --svg docs/halod.svg)", () => {
    expect(readFileSync(DOC, "utf8")).toBe(pictureOf(24, 8));
  });

  it.each([
    [24, 25],
    [24, 0],
    [0, 1],
  ])("throws for %i routes and %i nodes", (routes, nodes) => {
    expect(() => pictureOf(routes, nodes)).toThrow(RangeError);
  });
});
