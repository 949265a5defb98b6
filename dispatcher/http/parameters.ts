/** What a form or a query says, or why it cannot be read. */
export type Parameters = { readonly values: ReadonlyMap<string, string> } | { readonly fault: string };

/**
 * Reads `name=value&…`, as a form or after the `?` of an address.
 *
 * Unlike `URLSearchParams` it does not mend what is broken: a message that was changed on its way must not be taken.
 */
export function readParameters(text: string): Parameters {
  const values = new Map<string, string>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
    if (name === null || value === null) return { fault: "The parameters are not well encoded UTF-8" };
    // Which of two messages would be answered, and in which order, nobody could tell.
    if (values.has(name)) return { fault: `The parameter ${name.slice(0, 32)} is there more than once` };
    values.set(name, value);
  }
  return { values };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
