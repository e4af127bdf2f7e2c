/** As much of RFC 6455 as it takes to accept a websocket and to end it. Pure. */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The answer to a request for a websocket, in the first protocol that it offers. */
export function acceptance(headers: IncomingHttpHeaders): string {
  const key = headers["sec-websocket-key"] ?? "";
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const [protocol = ""] = (headers["sec-websocket-protocol"] ?? "").split(",");
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === "" ? [] : [`Sec-WebSocket-Protocol: ${protocol.trim()}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

const closing = 8;

/** A close frame with a status code. */
export const closeFrame = (code: number): Buffer =>
  Buffer.from([0x80 | closing, 2, code >> 8, code & 0xff]);

/** Whether among these frames of a client, each of them masked, is the one that ends it. */
export function hasCloseFrame(frames: Buffer): boolean {
  for (let at = 0; at + 2 <= frames.length; at += frameLength(frames, at)) {
    if ((frames.readUInt8(at) & 0x0f) === closing) return true;
  }
  return false;
}

function frameLength(frames: Buffer, at: number): number {
  const short = frames.readUInt8(at + 1) & 0x7f;
  const mask = 4;
  if (short < 126) return 2 + mask + short;
  const size = short === 126 ? 2 : 8;
  // Of one that is cut off, there is nothing behind it.
  if (at + 2 + size > frames.length) return frames.length;
  const length = size === 2 ? frames.readUInt16BE(at + 2) : frames.readBigUInt64BE(at + 2);
  return 2 + size + mask + Number(length);
}
