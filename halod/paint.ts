/** What a node is painted with: one of eight colours that colour-blind people can tell apart, under one of four patterns. */

/** The fill of a shape, and a colour that can be read on it. */
export interface Paint {
  readonly fill: string;
  readonly ink: string;
  /** Whether the fill is one colour, without a pattern. */
  readonly isPlain: boolean;
}

/** The colours of Okabe and Ito, black lightened a little; neighbours differ in lightness too. */
const COLOURS: readonly Pick<Paint, "fill" | "ink">[] = [
  { fill: "#0072b2", ink: "#ffffff" },
  { fill: "#e69f00", ink: "#1a1a1a" },
  { fill: "#009e73", ink: "#1a1a1a" },
  { fill: "#f0e442", ink: "#1a1a1a" },
  { fill: "#cc79a7", ink: "#1a1a1a" },
  { fill: "#333333", ink: "#ffffff" },
  { fill: "#56b4e9", ink: "#1a1a1a" },
  { fill: "#d55e00", ink: "#1a1a1a" },
];

/** Drawn over a colour in the colour that can be read on it: none, stripes, dots, a grid. */
const PATTERNS: readonly ((ink: string) => string)[] = [
  () => "",
  (ink) => `<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" stroke="${ink}" stroke-width="1.5"/>`,
  (ink) => `<circle cx="2" cy="2" r="1.4" fill="${ink}"/><circle cx="6" cy="6" r="1.4" fill="${ink}"/>`,
  (ink) => `<path d="M0 4H8M4 0V8" stroke="${ink}" stroke-width="1.2"/>`,
];

/** How many nodes look different; the ones after them begin again. */
export const DIFFERENT_PAINTS = COLOURS.length * PATTERNS.length;

const PLAIN = { fill: "#333333", ink: "#ffffff" };

/** The paint of a node, which is the same in every picture. @param node from 1 */
export function paintOf(node: number): Paint {
  const index = (node - 1) % DIFFERENT_PAINTS;
  const { fill, ink } = COLOURS[index % COLOURS.length] ?? PLAIN;
  const isPlain = index < COLOURS.length;
  return { fill: isPlain ? fill : `url(#paint${index + 1})`, ink, isPlain };
}

/** All paints that differ, and the SVG definitions that they need. */
export function allPaints(): { readonly paints: readonly Paint[]; readonly definitions: string } {
  const paints = Array.from({ length: DIFFERENT_PAINTS }, (_, index) => paintOf(index + 1));
  return { paints, definitions: paintDefinitions(DIFFERENT_PAINTS) };
}

/** The SVG definitions that the paints of nodes 1…nodes need. */
export function paintDefinitions(nodes: number): string {
  const patterned: string[] = [];
  for (let index = COLOURS.length; index < Math.min(nodes, DIFFERENT_PAINTS); index++) {
    const { fill, ink } = COLOURS[index % COLOURS.length] ?? PLAIN;
    const drawn = PATTERNS[Math.floor(index / COLOURS.length)]?.(ink) ?? "";
    patterned.push(
      `<pattern id="paint${index + 1}" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="${fill}"/>${drawn}</pattern>`,
    );
  }
  return patterned.length === 0 ? "" : `<defs>${patterned.join("")}</defs>`;
}
