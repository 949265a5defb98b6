import { PLAIN_NAMING, type ForeignNames } from "../naming.ts";
import { RoomNames } from "./names.ts";

/** RFC 7622 §3.3.1: what the first part of an address cannot have. */
const NOT_IN_LOCAL_PART = /[\s\p{Cc}"&'/:<>]/u;
const MAX_PART_BYTES = 1_023;

/**
 * How rooms are called: `/chat/room1` is `chat.room1@conference.example.org`. An alias may leave out the service.
 *
 * @param mucService domain of the rooms, lower-case
 * @param maxLength of the part before the `@`
 */
export function roomNames(mucService: string, maxLength: number): ForeignNames {
  const names = new RoomNames(PLAIN_NAMING, mucService, maxLength);
  const whole = (name: string) => (name.includes("@") ? name : `${name}@${mucService}`);
  const fold = (name: string) => whole(name).toLowerCase();
  return {
    whole,
    fold,
    faultOf: (name) => {
      const [local = "", service, ...rest] = name.split("@");
      if (local === "" || service === "" || rest.length > 0) return "it must be name or name@service";
      if (NOT_IN_LOCAL_PART.test(name)) return "it must have no spaces, and none of \" & ' / : < >";
      if ([local, service ?? ""].some((part) => Buffer.byteLength(part) > MAX_PART_BYTES))
        return `its parts must have at most ${MAX_PART_BYTES} bytes`;
      return null;
    },
    encode: (local) => names.encode(local)?.room ?? "",
    decode: (name) => names.decode(fold(name), undefined),
  };
}
