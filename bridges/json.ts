/** Deep enough for data, shallow enough that no recursive reader or writer runs out of stack. */
export const MAX_DEPTH = 200;

/** Parses JSON of others: undefined for what is not JSON, or is nested deeper than MAX_DEPTH. */
export function parseJson(text: string): unknown {
  if (nesting(text) > MAX_DEPTH) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // Not JSON: the caller takes it for text.
    return undefined;
  }
}

/** Serializes a message's data: undefined for what JSON cannot hold, or is nested deeper than MAX_DEPTH. */
export function toJson(data: unknown): string | undefined {
  try {
    const json: string | undefined = JSON.stringify(data);
    return json === undefined || nesting(json) > MAX_DEPTH ? undefined : json;
  } catch {
    // A cycle, a BigInt, or too deep for the stack: our caller answers the publisher.
    return undefined;
  }
}

function nesting(json: string): number {
  if (json.length < MAX_DEPTH) return 0;
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (isInString) {
      if (character === "\\") index += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (character === "}" || character === "]") depth -= 1;
  }
  return deepest;
}
