import type { Message } from "../fakes.ts";

/** What a subscriber was told: the data of messages, and of notices `gap <after> <before>`. */
export function toldOf(messages: readonly Message[]): string[] {
  return messages.flatMap(({ data }) => {
    if (typeof data !== "object" || data === null)
      return data === undefined ? [] : [typeof data === "string" ? data : JSON.stringify(data)];
    const gap: unknown = Reflect.get(data, "gap");
    if (typeof gap !== "object" || gap === null) return [];
    return [`gap ${String(Reflect.get(gap, "after"))} ${String(Reflect.get(gap, "before"))}`];
  });
}
