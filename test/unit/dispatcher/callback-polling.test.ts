import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { CALLBACK_POLLING } from "../../../dispatcher/transports/callback-polling.ts";

const NOTHING = Buffer.alloc(0);
const read = (query: string) => CALLBACK_POLLING.read(NOTHING, query);
function scriptOf(query: string, messages: string): string {
  const reading = read(query);
  if ("fault" in reading) throw new Error(reading.fault);
  return reading.envelope.wrap(Buffer.from(messages)).toString();
}

// Rule 30.
describe("callback-polling", () => {
  it("calls the callback that was named, or jsonpcallback, with an array", () => {
    expect(scriptOf("message=%5B%5D&jsonp=a.b_1", '{"x":1}')).toBe('/**/a.b_1([{"x":1}]);');
    expect(scriptOf("message=%5B%5D", "")).toBe("/**/jsonpcallback([]);");
  });

  it("answers with a script that nobody takes for anything else", () => {
    const reading = read("message=1");
    expect("envelope" in reading && reading.envelope.headers).toEqual({
      "content-type": "text/javascript;charset=UTF-8",
      "content-disposition": "attachment; filename=f.txt",
    });
  });

  it("escapes the line ends that old scripts stumble over, and brings the same text", () => {
    const text = "a\u2028b\u2029c ☃ \u2019";
    const script = scriptOf("message=1&jsonp=take", JSON.stringify(text));
    expect(script).not.toMatch(/[\u2028\u2029]/u);
    const taken: unknown[] = [];
    runInNewContext(script, { take: (messages: readonly unknown[]) => taken.push(...messages) });
    expect(taken).toEqual([text]);
  });

  it.each(["alert(1)//", "a b", "1a", "a..b", ".a", "a[0]", "a;b", "é", "", "a".repeat(129)])(
    "refuses the callback %j",
    (callback) => {
      expect(read(`message=%5B%5D&jsonp=${encodeURIComponent(callback)}`)).toHaveProperty("fault");
    },
  );
});
