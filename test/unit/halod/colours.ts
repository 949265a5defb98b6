/** How colours look to people, also to those who lack one kind of cone. */

/** Red, green and blue, linear, each from 0 to 1. */
export type Light = readonly [red: number, green: number, blue: number];

/** Kinds of eyes: the usual ones, protanopia, deuteranopia, tritanopia. */
export type Eyes = "all colours" | "no red" | "no green" | "no blue";

type Row = readonly [number, number, number];
type Matrix = readonly [Row, Row, Row];

/** Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.0. */
const SIGHT: Readonly<Record<Eyes, Matrix>> = {
  "all colours": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "no red": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "no green": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  "no blue": [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** sRGB to CIE XYZ, with white at 1. */
const TO_XYZ: Matrix = [
  [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
  [0.2126, 0.7152, 0.0722],
  [0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089],
];

/** The light that such eyes take a colour for. @param hex as in `#0072b2` */
export function seenBy(hex: string, eyes: Eyes): Light {
  const [red, green, blue] = transform(SIGHT[eyes], lightOf(hex));
  return [clamp(red), clamp(green), clamp(blue)];
}

/** CIE 1976: how far two lights are from each other in Lab. */
export function distance(one: Light, other: Light): number {
  const [a, b] = [labOf(one), labOf(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** WCAG 2: from 1, the same, to 21, black on white. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(hex: string): number {
  return transform(TO_XYZ, lightOf(hex))[1];
}

function lightOf(hex: string): Light {
  const [, red = "", green = "", blue = ""] = /^#(..)(..)(..)$/.exec(hex) ?? [];
  return [linear(red), linear(green), linear(blue)];
}

function linear(pair: string): number {
  const value = Number.parseInt(pair, 16) / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function labOf(light: Light): Row {
  const [x, y, z] = transform(TO_XYZ, light);
  return [116 * root(y) - 16, 500 * (root(x) - root(y)), 200 * (root(y) - root(z))];
}

function root(value: number): number {
  return value > 216 / 24_389 ? Math.cbrt(value) : (24_389 / 27 / 116) * value + 16 / 116;
}

function transform(matrix: Matrix, [x, y, z]: Light): Row {
  const at = ([a, b, c]: Row): number => a * x + b * y + c * z;
  return [at(matrix[0]), at(matrix[1]), at(matrix[2])];
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
