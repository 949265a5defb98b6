const MAX_LENGTH = 64;

/** The known name that a mistyped one most likely means, if one is near enough. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > MAX_LENGTH) return undefined;
  const wanted = word.toLowerCase();
  const bare = wanted.replace(/^-+/, "");
  const limit = Math.max(1, Math.floor(bare.length / 3));
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance <= limit && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  // `--max-body-bytes` means `--dispatcher-max-body-bytes`: the section was forgotten.
  return best?.name ?? known.find((name) => name.length > bare.length && endsWithWord(name.toLowerCase(), bare));
}

/** The end of a sentence that offers the suggestion, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const name = suggest(word, known);
  return name === undefined ? "" : `; did you mean ${name}?`;
}

function endsWithWord(name: string, word: string): boolean {
  return word.length > 2 && name.endsWith(word) && /[-._]/.test(name.charAt(name.length - word.length - 1));
}

/** Insertions, deletions, replacements and swaps of neighbours, one each. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MAX_LENGTH) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
