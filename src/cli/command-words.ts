/** What the words of help of all commands have in common. */
export type Run = (status: Promise<number>) => Promise<void>;

export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ sails-supervisor ${line}`).join("\n")}`;

export const json = ["--json", "print JSON"] as const;
