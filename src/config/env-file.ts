/**
 * Reads NAME=value files as systemd's EnvironmentFile= does, so that a file means here what it means
 * in a unit: comments only where a line begins, quotes, `\` at the end of a line. Beyond that, lines
 * may begin with `export`. Faults never repeat what a line holds: it may be a password.
 */

export interface EnvEntry {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

export interface EnvFault {
  readonly line: number;
  readonly message: string;
  readonly cure?: string;
}

export interface EnvFile {
  readonly entries: readonly EnvEntry[];
  readonly faults: readonly EnvFault[];
  readonly warnings: readonly EnvFault[];
}

export function parseEnvFile(text: string): EnvFile {
  const entries: EnvEntry[] = [];
  const faults: EnvFault[] = [];
  const warnings: EnvFault[] = [];
  const reader = new Reader(text.replace(/^\uFEFF/, ""));
  for (;;) {
    reader.skip(/\s*/y);
    if (reader.atEnd) return { entries, faults, warnings };
    const { line } = reader;
    if (reader.skip(/[#;][^\r\n]*/y) !== "") continue;

    const name = reader
      .skip(/[^=\r\n]*/y)
      .trim()
      .replace(/^export\s+/, "");
    if (reader.skip(/=/y) === "") {
      faults.push({ line, message: "is not NAME=value", cure: "comments begin with #" });
      continue;
    }
    const value = readValue(reader);
    if (!isVariableName(name)) {
      faults.push({ line, message: "has no proper name before the =", cure: nameCure });
    } else if (value.isOpen) {
      faults.push({ line, message: `${name} opens a quote that nothing closes` });
    } else if (value.text.includes("\0")) {
      faults.push({ line, message: `${name} holds a NUL byte` });
    } else {
      entries.push({ name, value: value.text, line });
      if (value.hasComment)
        warnings.push({ line, message: `${name} holds a #`, cure: commentCure });
    }
  }
}

const nameCure = "a name has letters, digits and _, and begins with no digit";
const commentCure =
  "what follows = belongs to the value, the comment too: put the comment on a line of its own";

/** `__proto__` is a name to a shell, but would not be a key to us. */
export const isVariableName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== "__proto__";

interface Value {
  readonly text: string;
  readonly isOpen: boolean;
  readonly hasComment: boolean;
}

const lineEnd = /\r\n|\r|\n/y;

/** Quoted pieces stand one after the other; the first bare letter makes all that follows bare. */
function readValue(reader: Reader): Value {
  let text = "";
  for (;;) {
    reader.skip(/[ \t]*/y);
    const quote = reader.skip(/["']/y);
    if (quote === "") break;
    const piece = quote === "'" ? reader.skip(/[^']*/y) : readDoubleQuoted(reader);
    text += piece;
    if (reader.skip(quote === "'" ? /'/y : /"/y) === "") {
      return { text, isOpen: true, hasComment: false };
    }
  }
  const bare = readBare(reader);
  return { text: text + bare, isOpen: false, hasComment: /(^|\s)#/.test(bare) };
}

function readDoubleQuoted(reader: Reader): string {
  let text = "";
  for (;;) {
    text += reader.skip(/[^"\\]*/y);
    if (reader.skip(/\\/y) === "") return text;
    if (reader.skip(lineEnd) !== "") continue;
    const escaped = reader.skip(/["\\`$]/y);
    text += escaped === "" ? "\\" : escaped;
  }
}

function readBare(reader: Reader): string {
  let text = "";
  /** Escaped blanks belong to the value, blanks at its end do not. */
  let kept = 0;
  for (;;) {
    text += reader.skip(/[^\\\r\n]*/y);
    if (reader.skip(/\\/y) === "") break;
    if (reader.skip(lineEnd) !== "") continue;
    text += reader.skip(/[^]/y);
    kept = text.length;
  }
  return text.slice(0, kept) + text.slice(kept).replace(/[ \t]+$/, "");
}

class Reader {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Moves over what the sticky pattern matches here, and returns it. */
  skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ""] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    for (const letter of found) if (letter === "\n") this.line += 1;
    return found;
  }
}
