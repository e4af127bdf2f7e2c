/** Cuts bytes into lines, however they come; what is no UTF-8 is shown as U+FFFD. */

/** What of a longer line is shown. */
export const longestLine = 16 * 1024;

export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  /** The line went on after the part that is kept. */
  #isCut = false;

  *push(chunk: Buffer): Generator<string> {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end));
      yield this.#take();
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** What came after the last line break. */
  *flush(): Generator<string> {
    if (this.#rest.length > 0) yield this.#take();
  }

  #keep(part: Buffer): void {
    const room = longestLine - this.#rest.length;
    if (part.length > room) this.#isCut = true;
    // A copy: the chunk is the reader's, and is overwritten by the next one.
    if (part.length > 0 && room > 0)
      this.#rest = Buffer.concat([this.#rest, part.subarray(0, room)]);
  }

  #take(): string {
    // Streaming, a character that was cut in two is left out.
    const text = new TextDecoder().decode(this.#rest, { stream: this.#isCut });
    const line = this.#isCut ? `${text}…` : text.replace(/\r$/, "");
    this.#rest = Buffer.alloc(0);
    this.#isCut = false;
    return line;
  }
}
