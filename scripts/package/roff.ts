/** The few words of man(7) that the manual pages need. */

/** A text in which nothing is taken for a request. */
export const plain = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^(?=[.'])/gm, "\\&");

export const title = (name: string, section: number, { version, date }: PageOf): string =>
  `.TH ${name.toUpperCase()} ${section} ${date.toISOString().slice(0, 10)} "sails\\-supervisor ${version}"`;

export interface PageOf {
  readonly version: string;
  readonly date: Date;
}

export const section = (name: string, ...blocks: readonly string[]): string =>
  [`.SH ${name}`, ...blocks].join("\n");

export const subsection = (name: string, ...blocks: readonly string[]): string =>
  [`.SS ${plain(name)}`, ...blocks].join("\n");

export const paragraph = (text: string): string => `.PP\n${plain(text)}`;

export const term = (name: string, text: string): string =>
  `.TP\n.B ${plain(name)}\n${plain(text)}`;

/** As it would be typed. */
export const example = (text: string): string => `.PP\n.EX\n${plain(text)}\n.EE`;
