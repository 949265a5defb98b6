import { expect, it } from "vitest";
import { loadConfig } from "../../../cli/index.ts";
import { schemaFor } from "../../../config.ts";
import { sourcesOf } from "../cli/sources.ts";

function load(...flags: string[]) {
  const all = flags.map((flag) => flag.replace("--", "--halod-autoscale-"));
  return loadConfig(schemaFor("halod"), sourcesOf({ command: "halod", flags: all })).halod.autoscale;
}

it("has no autoscaler by default, and takes commands with their arguments", () => {
  expect(load()).toMatchObject({ start: [], stop: [], min: 1, max: 8 });
  expect(load("--start", "scale,up", "--stop", "scale,down", "--max", "3")).toMatchObject({
    start: ["scale", "up"],
    stop: ["scale", "down"],
    max: 3,
  });
});

it.for([
  [["--stop", "a"], '-stop: "a" is not accepted: needs halod.autoscale.start too'],
  [["--min", "9"], "must be at most halod.autoscale.max, which is 8"],
  [["--start", "a", "--max", "1025"], "must be at most 1024"],
  [["--aim", "0.8"], "must be below halod.autoscale.growAbove, which is 0.75"],
  [["--shrink-below", "0.5"], "must be below halod.autoscale.aim, which is 0.5"],
  [["--grow-above", "2"], "--halod-autoscale-grow-above"],
] as const)("refuses %j", ([flags, text]) => {
  expect(() => load(...flags)).toThrow(text);
});
