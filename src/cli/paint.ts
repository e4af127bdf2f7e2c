/** Colours, or none: for a terminal whose owner has not set NO_COLOR. */
import { styleText } from "node:util";

export type Tone = "good" | "bad" | "wait" | "faint" | "strong";

export type Paint = (tone: Tone, text: string) => string;

const styles = {
  good: "green",
  bad: "red",
  wait: "yellow",
  faint: "dim",
  strong: "bold",
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** https://no-color.org: set, and not empty. */
export function paintFor(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const isColourful = isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return (tone, text) =>
    isColourful ? styleText(styles[tone], text, { validateStream: false }) : text;
}
