import { makeMapping, type ForeignNames, type Mapping } from "../../bridges/index.ts";

/** A network that writes channels as they are: `/lobby` is `/lobby`. */
export const PLAIN_NAMES: ForeignNames = {
  faultOf: (name) => (name.startsWith("/") ? null : "it must begin with /"),
  whole: (name) => name,
  fold: (name) => name.toLowerCase(),
  encode: (local) => local,
  decode: (name) => (name.startsWith("/") ? name : null),
};

/** Every channel goes to one network. */
export function soleMapping(name: string): Mapping {
  return makeMapping([], [{ name, names: PLAIN_NAMES }]);
}
