import { describe, expect, test } from "vitest";
import { acceptance, closeFrame, hasCloseFrame } from "../../src/host/websocket.ts";

test("it is accepted with the key of RFC 6455's own example, in the first protocol on offer", () => {
  const answer = acceptance({
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol": "prefect, other",
  });
  expect(answer.split("\r\n")).toEqual([
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    "Sec-WebSocket-Protocol: prefect",
    "",
    "",
  ]);
  expect(acceptance({})).not.toContain("Protocol:");
});

test("the end is a close frame with its code", () => {
  expect([...closeFrame(1013)]).toEqual([0x88, 2, 0x03, 0xf5]);
});

/** A frame of a client: its payload masked with zeros. */
function frame(opcode: number, length: number): Buffer {
  const size =
    length < 126
      ? [0x80 | length]
      : length < 65_536
        ? [0xfe, length >> 8, length & 0xff]
        : [0xff, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  // A payload that looks like close frames.
  return Buffer.concat([
    Buffer.from([0x80 | opcode, ...size, 0, 0, 0, 0]),
    Buffer.alloc(length, 8),
  ]);
}

const [text, close, ping] = [1, 8, 9];

describe("the leave of a client is found", () => {
  test.each([0, 1, 125, 126, 65_535, 65_536])("behind a text of %i bytes", (length) => {
    expect(hasCloseFrame(Buffer.concat([frame(text, length), frame(close, 2)]))).toBe(true);
    expect(hasCloseFrame(Buffer.concat([frame(text, length), frame(ping, 4)]))).toBe(false);
  });

  test("not in what is cut off anywhere", () => {
    const whole = Buffer.concat([frame(ping, 4), frame(text, 70_000)]);
    for (let end = 0; end < 40; end += 1) {
      expect(hasCloseFrame(whole.subarray(0, end))).toBe(false);
    }
  });
});
