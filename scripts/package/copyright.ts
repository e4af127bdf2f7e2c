/** `copyright` of the package, by Debian's format 1.0: our licence, and that of all that is shipped, in full. */
import type { Shipped } from "./shipped.ts";

export interface Licensed extends Pick<Shipped, "name" | "version" | "license"> {
  readonly text: string;
}

export function copyrightFile(own: Licensed, shipped: readonly Licensed[]): string {
  const header = [
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
    `Upstream-Name: ${own.name}`,
    "Comment: The program is one bundle of its own sources and the packages below. Node is a program of its own.",
  ].join("\n");
  return `${[header, paragraph(own, "*"), ...shipped.map((one) => paragraph(one, filesOf(one)))].join("\n\n")}\n`;
}

const filesOf = ({ name }: Licensed): string =>
  name.startsWith("node-linux-")
    ? "usr/lib/sails-supervisor/node/*"
    : "usr/lib/sails-supervisor/dist/*";

function paragraph({ name, version, license, text }: Licensed, files: string): string {
  return [
    `Files: ${files}`,
    `Copyright: ${holdersIn(text) ?? `the authors of ${name}`}`,
    `Comment: ${name} ${version}`,
    `License: ${license}`,
    ...text.trim().split(/\r?\n/).map(continued),
  ].join("\n");
}

/** Sentences of licences speak of a copyright, too. */
const holdersIn = (text: string): string | undefined =>
  /^\W*Copyright (?:\([cC]\) )?([\dA-Z].*?)\s*$/m.exec(text)?.[1];

/** A line of a field begins with a blank, and an empty one has a dot. */
const continued = (line: string): string => (line.trim() === "" ? " ." : ` ${line.trimEnd()}`);
