import { describe, expect, it } from "vitest";
import { tableOf } from "../../../halod/index.ts";
import { drawLive, livePictureShape, type Seen } from "../../../halod/live-picture.ts";
import { MAX_BRIDGES } from "../../../halod/control.ts";

const NOTHING: Seen = { epoch: 1, changedMs: 5, owners: [1], bridges: [], dispatchers: [], events: [] };
const figures = { connections: 3, sessions: 10, heard: 0.1, delivered: 2.5 };

function bridges(count: number): Seen["bridges"] {
  return Array.from({ length: count }, (_, index) => ({ node: count - index, state: "active", routes: 2, figures }));
}

/** The owners that a picture tells, one for each route that it shows. */
function unpacked({ owners }: { readonly owners: readonly number[] }): number[] {
  return owners.flatMap((owner, index) =>
    index % 2 === 0 ? new Array<number>(owners[index + 1] ?? 0).fill(owner) : [],
  );
}

describe("a live picture", () => {
  it("has the owners of all routes, neighbours of one owner together", () => {
    expect(drawLive({ ...NOTHING, owners: [1, 1, 3, 3, 3, 1] }).owners).toEqual([1, 2, 3, 3, 1, 1]);
    const { owners } = tableOf(1_024, 64);
    const picture = drawLive({ ...NOTHING, owners });
    expect(unpacked(picture)).toEqual(owners);
    expect([picture.routes, picture.step]).toEqual([1_024, 1]);
  });

  it("shows one of several routes where they are too many to show", () => {
    const owners = Array.from({ length: 4_000 }, (_, index) => 1 + (index % 7));
    const picture = drawLive({ ...NOTHING, owners });
    expect(picture.step).toBe(4);
    expect(unpacked(picture)).toEqual(owners.filter((_, index) => index % 4 === 0));
  });

  it("lists bridges by their numbers, and what is not known as null", () => {
    const lost = { node: 1, state: "lost", routes: 7, figures: null } as const;
    const picture = drawLive({ ...NOTHING, bridges: [...bridges(2).slice(0, 1), lost] });
    expect(picture.bridges).toEqual([
      { node: 1, state: "lost", routes: 7, sessions: null, heard: null, delivered: null },
      { node: 2, state: "active", routes: 2, sessions: 10, heard: 0.1, delivered: 2.5 },
    ]);
    expect(picture.more).toBeNull();
  });

  it("sums up the bridges and the dispatchers beyond the first 64", () => {
    const dispatchers = Array.from({ length: 66 }, (_, index) => ({ number: index + 1, connections: 5 }));
    const picture = drawLive({ ...NOTHING, bridges: bridges(67), dispatchers });
    expect(picture.bridges.map(({ node }) => node)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
    expect(picture.more).toEqual({ bridges: 3, routes: 6, sessions: 30, heard: 0.3, delivered: 7.5 });
    expect(picture.dispatchers).toHaveLength(64);
    expect(picture.moreDispatchers).toEqual({ dispatchers: 2, connections: 10 });
  });

  it("stays small, and of the shape that is told, for the largest stack", () => {
    const owners = Array.from({ length: 46_655 }, (_, index) => 1 + ((index * 31) % MAX_BRIDGES));
    const large = { connections: 1e6, sessions: 1e6, heard: 99_999.9, delivered: 9_999_999.9 };
    const picture = drawLive({
      epoch: Number.MAX_SAFE_INTEGER,
      changedMs: 1_795_280_074_709,
      owners,
      bridges: bridges(MAX_BRIDGES).map((bridge) => ({ ...bridge, figures: large })),
      dispatchers: Array.from({ length: 1_024 }, (_, index) => ({ number: index + 1, connections: 50_000 })),
      events: Array.from({ length: 50 }, (_, index) => ({
        timeMs: 1_795_280_074_709,
        epoch: index,
        moved: 46_655,
        text: "x".repeat(300),
      })),
    });
    expect(livePictureShape.parse(picture)).toEqual(picture);
    expect(picture.events.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 20 }, (_, index) => 30 + index));
    expect(JSON.stringify(picture).length).toBeLessThan(32_768);
  });

  it("tells nothing of where anybody is", () => {
    const told = JSON.stringify(
      drawLive({
        ...NOTHING,
        bridges: [Object.assign({ address: "10.0.0.1:7070", instance: "secret" }, bridges(1)[0])],
        dispatchers: [{ number: 1, connections: 2 }],
      }),
    );
    expect(told).not.toMatch(/10\.0\.0\.1|secret/);
  });
});
