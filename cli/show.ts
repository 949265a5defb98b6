const MAX_SHOWN = 60;
const MAX_PATH = 300;
// A terminal may obey these: C0 and C1 controls, line separators, changes of writing direction, lone surrogates.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** A value as the operator would recognise it, in one short line without control characters. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "an empty value";
      return Array.isArray(value) ? "a list" : "a section";
    default:
      return "nothing";
  }
}

/** A name from outside, quoted only where it is not a plain word. */
export function label(name: string): string {
  return /^[\w./:-]{1,60}$/.test(name) ? name : quote(name);
}

/** The path of a file as it is, but for what a terminal might obey. */
export function showPath(path: string): string {
  return escape(path.length > MAX_PATH ? `…${path.slice(-MAX_PATH)}` : path);
}

function quote(text: string): string {
  return escape(JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text));
}

function escape(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
