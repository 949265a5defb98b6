const SVG = "http://www.w3.org/2000/svg";
const NOBODY = { fill: "#9a9eae", ink: "#1a1a1a" };

/** What bridges are painted with: HaloD's own paints, each the same in every picture of it. */
export class Paints {
  #paints;

  /** @param {readonly {fill: string, ink: string}[]} paints */
  constructor(paints) {
    this.#paints = paints;
  }

  static async load() {
    try {
      const { paints, definitions } = await (await fetch("/halo/paints.json")).json();
      const parsed = new DOMParser().parseFromString(`<svg xmlns="${SVG}">${definitions}</svg>`, "image/svg+xml");
      document.getElementById("ring-paints")?.replaceChildren(...parsed.documentElement.childNodes);
      return new Paints(paints);
    } catch {
      // All bridges look alike then, and their numbers still tell them apart.
      return new Paints([]);
    }
  }

  /**
   * @param {number} node from 1; 0 is nobody
   * @returns {string} an SVG paint
   */
  of(node) {
    const { length } = this.#paints;
    return (length === 0 || node === 0 ? NOBODY : (this.#paints[(node - 1) % length] ?? NOBODY)).fill;
  }

  /** @param {number} node */
  swatch(node) {
    const swatch = draw("svg", { class: "swatch", width: "18", height: "18", "aria-hidden": "true" });
    swatch.append(draw("rect", { x: "1", y: "1", width: "16", height: "16", rx: "4", fill: this.of(node) }));
    return swatch;
  }
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 */
export function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
