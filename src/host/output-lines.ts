/** Turns the last bytes of an output, whatever they are, into lines that may be shown to people. */
import { stripVTControlCharacters } from "node:util";

const newestLines = 20;
const longestLine = 2048;

/** @param isCut whether the first line has lost its beginning */
export function toLines(bytes: Uint8Array, isCut: boolean): readonly string[] {
  // Whatever is no UTF-8 becomes U+FFFD.
  const [first = "", ...others] = new TextDecoder().decode(bytes).split("\n");
  const isUseless = isCut && others.some((line) => line.trim() !== "");
  const beginning = isUseless ? [] : [isCut ? `…${first}` : first];
  return [...beginning, ...others]
    .map(toPlainText)
    .filter((line) => line !== "")
    .slice(-newestLines);
}

/** Nothing in it may steer a terminal. Of a progress bar, the last state is left. */
function toPlainText(line: string): string {
  const shown = line.trimEnd().split("\r").at(-1) ?? "";
  const text = stripVTControlCharacters(shown)
    .replaceAll("\t", "    ")
    .replaceAll(/\p{Cc}/gu, "")
    .trimEnd();
  return text.length > longestLine ? `${text.slice(0, longestLine)}…` : text;
}
