/** Text in HTML: whatever is put into a template is escaped, unless it is HTML itself. */
export type Html = { readonly html: string };

type Part = string | number | null | undefined | Html | readonly Html[];

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: String.raw({ raw: texts }, ...parts.map(render)) };
}

/** A sentence in which commands stand between backticks, as they do in a terminal. */
export const prose = (words: string): readonly Html[] =>
  words.split("`").map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

function render(part: Part): string {
  if (part === null || part === undefined) return "";
  if (typeof part === "object")
    return "html" in part ? part.html : part.map((one) => one.html).join("");
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
