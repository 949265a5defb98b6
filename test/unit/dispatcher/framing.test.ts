import { describe, expect, it } from "vitest";
import { EVENTSOURCE } from "../../../dispatcher/transports/eventsource.ts";
import { Gathered } from "../../../dispatcher/transports/gathered.ts";
import { STREAMING } from "../../../dispatcher/transports/streaming.ts";
import { TEXT_FRAMES } from "../../../dispatcher/transports/websocket-frame.ts";

describe("Gathered", () => {
  const both = new Gathered(Buffer.from('{"a":1}')).with(new Gathered(Buffer.from('{"b":2},{"c":3}')));

  it("is one data line for an event source, and one line for a stream", () => {
    expect(both.as(EVENTSOURCE.framing).toString()).toBe('data: [{"a":1},{"b":2},{"c":3}]\n\n');
    expect(both.as(STREAMING.framing).toString()).toBe('[{"a":1},{"b":2},{"c":3}]\n');
    expect(STREAMING.framing.encode([]).toString()).toBe("[]\n");
  });

  it("is encoded once for each kind of connection", () => {
    for (const framing of [TEXT_FRAMES, EVENTSOURCE.framing, STREAMING.framing]) {
      expect(both.as(framing)).toBe(both.as(framing));
    }
  });
});

describe("the padding of a stream", () => {
  it("is a comment or blanks, as long as configured, or is not there", () => {
    expect(EVENTSOURCE.opening(5, 1_000).toString()).toBe(":     \nretry: 1000\n\n");
    expect(EVENTSOURCE.opening(0, 1_000).toString()).toBe("retry: 1000\n\n");
    expect(STREAMING.opening(5, 1_000).toString()).toBe("     \n");
    expect(STREAMING.opening(0, 1_000)).toHaveLength(0);
  });
});
