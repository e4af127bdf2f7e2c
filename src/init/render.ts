/** Writes a draft as YAML that people go on editing. */
import { Document, isMap, isScalar } from "yaml";
import type { Draft } from "./draft.ts";

const header =
  " Written by `sails-supervisor init` from what was there. All keys: `sails-supervisor config reference`.";

export function render({ sections }: Pick<Draft, "sections">): string {
  const values = sections.map(({ key, value }) => [key, value] as const);
  const document = new Document(Object.fromEntries(values));
  document.commentBefore = header;
  const comments = new Map(sections.map(({ key, comment }) => [key, comment]));
  const pairs = isMap(document.contents) ? document.contents.items : [];
  for (const [index, { key }] of pairs.entries()) {
    if (!isScalar(key)) continue;
    key.spaceBefore = index > 0;
    const comment = comments.get(String(key.value));
    if (comment !== undefined) key.commentBefore = ` ${comment}`;
  }
  return document.toString({ lineWidth: 0 });
}
