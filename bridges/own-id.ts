const OWN = "own-";

/** Makes a delivery id that no other bridge gives to the same message. @param random unique, whatever it is */
export function ownId(random: string): string {
  return `${OWN}${random}`;
}

/** True for an id that says nothing to other bridges: which of their messages it means is not known. */
export function isOwnId(id: string): boolean {
  return id.startsWith(OWN);
}
