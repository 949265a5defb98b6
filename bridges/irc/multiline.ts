/** How long one message over several lines may be: `draft/multiline=max-bytes=4096,max-lines=100`. */
export interface MultilineLimits {
  /** Bytes of text, with one for each line break. */
  readonly maxBytes: number;
  readonly maxLines: number;
}

/** One written line of such a message. */
export interface Piece {
  readonly text: string;
  /** It goes on where the piece before it ended, without a line break. */
  readonly isContinued: boolean;
}

/** What a server that tells no limit of lines is not to be asked for more of. */
const MAX_LINES = 1_000;

/**
 * Reads what the server says about `draft/multiline`.
 *
 * @param value of the capability; null where it was not negotiated
 */
export function multilineLimits(value: string | null): MultilineLimits | null {
  if (value === null) return null;
  const told = (name: string): number => Number(new RegExp(`(?:^|,)${name}=(\\d{1,9})(?:,|$)`).exec(value)?.[1] ?? 0);
  // The specification demands it.
  const maxBytes = told("max-bytes");
  return maxBytes === 0 ? null : { maxBytes, maxLines: told("max-lines") || MAX_LINES };
}

/**
 * Spreads a text over lines.
 *
 * @param lineBytes that one line may have
 * @returns null when it does not fit the limits
 */
export function spread(text: string, lineBytes: number, limits: MultilineLimits): readonly Piece[] | null {
  if (Buffer.byteLength(text) > limits.maxBytes) return null;
  const pieces: Piece[] = [];
  for (const line of text.split("\n")) {
    let rest = line;
    do {
      const piece = cutAtBlank(rest, lineBytes);
      if (piece === "" && rest !== "") return null;
      pieces.push({ text: piece, isContinued: rest !== line });
      rest = rest.slice(piece.length);
    } while (rest !== "");
    if (pieces.length > limits.maxLines) return null;
  }
  return pieces;
}

/** As much of the beginning as fits, without half a character. */
export function cut(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The same, behind a blank where there is one: some people read the pieces. The specification keeps the blank there. */
function cutAtBlank(text: string, maxBytes: number): string {
  const most = cut(text, maxBytes);
  const blank = most.length === text.length ? -1 : most.lastIndexOf(" ");
  return blank < 0 ? most : most.slice(0, blank + 1);
}
