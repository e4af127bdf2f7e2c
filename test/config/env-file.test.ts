import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseEnvFile } from "../../src/config/env-file.ts";

const valuesOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(parseEnvFile(text).entries.map(({ name, value }) => [name, value]));

/** As systemd reads them; those with `export` and CRLF beyond it. */
const table: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["", {}],
  ["A=1", { A: "1" }],
  ["A=1\nB=2\n", { A: "1", B: "2" }],
  ["A=1\nA=2\n", { A: "2" }],
  ["A=\nB=2\n", { A: "", B: "2" }],
  ["  A = 1  \n", { A: "1" }],
  ["export A=1\n", { A: "1" }],
  ["export   A=1\n", { A: "1" }],
  ["exporter=1\n", { exporter: "1" }],
  ["# A=1\n; B=2\n  # C=3\nD=4\n", { D: "4" }],
  ["# ends in \\\nA=1\n", { A: "1" }],
  ["A=x#y\n", { A: "x#y" }],
  ["A=x # y\n", { A: "x # y" }],
  ["A=a b c\n", { A: "a b c" }],
  ['A="a b"\n', { A: "a b" }],
  ["A='a \"b\" \\n'\n", { A: 'a "b" \\n' }],
  ["A=\"a\" 'b' c\n", { A: "abc" }],
  ['A=a"b"\n', { A: 'a"b"' }],
  ['A="x\\"y\\\\z\\$\\`"\n', { A: 'x"y\\z$`' }],
  ['A="\\n\\t"\n', { A: "\\n\\t" }],
  ['A="two\nlines"\nB=1', { A: "two\nlines", B: "1" }],
  ["A=one \\\n  two\n", { A: "one   two" }],
  ["A=one \\\r\ntwo\r\nB=1\r\n", { A: "one two", B: "1" }],
  ['A="one \\\ntwo"\n', { A: "one two" }],
  ["A=\\x\\ \n", { A: "x " }],
  ["A=$HOME/x\n", { A: "$HOME/x" }],
  ["A==b=\n", { A: "=b=" }],
  ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["\uFEFFA=1\n", { A: "1" }],
  ["A=é✓\n", { A: "é✓" }],
];

test.each(table)("%j", (text, values) => {
  expect(parseEnvFile(text).faults).toEqual([]);
  expect(valuesOf(text)).toEqual(values);
});

const faulty: readonly (readonly [string, number, string])[] = [
  ["A=1\nset -a\n", 2, "is not NAME=value"],
  ["export A\n", 1, "is not NAME=value"],
  ["A=1\n\n1B=2\n", 3, "has no proper name before the ="],
  ["=hunter2\n", 1, "has no proper name before the ="],
  ["a-b=hunter2\n", 1, "has no proper name before the ="],
  ["__proto__=1\n", 1, "has no proper name before the ="],
  ['A=1\nB="hunter2\nC=3\n', 2, "B opens a quote that nothing closes"],
  ["B='hunter2", 1, "B opens a quote that nothing closes"],
  ["A=x\0y\n", 1, "A holds a NUL byte"],
];

test.each(faulty)("%j", (text, line, message) => {
  const { faults } = parseEnvFile(text);
  expect(faults).toEqual([expect.objectContaining({ line, message })]);
  expect(JSON.stringify(faults)).not.toContain("hunter2");
});

test("entries and faults know their lines, across values of several", () => {
  const { entries, faults } = parseEnvFile('A="1\n2"\r\nB=\\\n3\n# c\nnonsense\nC=4');
  expect(entries.map(({ name, line }) => [name, line])).toEqual([
    ["A", 1],
    ["B", 3],
    ["C", 7],
  ]);
  expect(faults.map(({ line }) => line)).toEqual([6]);
});

test("a comment behind a value is worth a warning, a quoted # is not", () => {
  expect(parseEnvFile("A=1 # one\n").warnings).toMatchObject([{ line: 1, message: "A holds a #" }]);
  expect(parseEnvFile("A='1 # one'\nB=#fff\nC=a#b\n").warnings).toMatchObject([{ line: 2 }]);
});

describe("properties", () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);
  const value = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""));
  const escaped = (text: string): string => text.replace(/["\\`$]/g, String.raw`\$&`);

  test("whatever is written in double quotes is read back", () => {
    fc.assert(
      fc.property(
        fc.dictionary(name, value, { noNullPrototype: true }),
        fc.boolean(),
        (map, isExported) => {
          const prefix = isExported ? "export " : "";
          const written = Object.entries(map).map(
            ([key, text]) => `${prefix}${key}="${escaped(text)}"`,
          );
          expect(valuesOf(written.join("\n"))).toEqual(map);
        },
      ),
    );
  });

  test("no text makes it throw, and no line is lost without a word", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.string({ unit: fc.constantFrom(..."AB=\"'\\\n\r #;$x\uFEFF".split("")), maxLength: 200 }),
    );
    fc.assert(
      fc.property(noise, (text) => {
        const { entries, faults } = parseEnvFile(text);
        const isBlank = text.split(/[\r\n]/).every((line) => /^[\s\uFEFF]*([#;]|$)/.test(line));
        expect(entries.length + faults.length > 0).toBe(!isBlank);
      }),
      { numRuns: 2000 },
    );
  });
});
