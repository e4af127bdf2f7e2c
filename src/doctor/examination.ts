/** One thing that is looked at. Its judgement is a pure function beside it. */
import type { Answer } from "../prefect/api/transport.ts";
import type { Finding } from "./finding.ts";
import type { Scene, Seen } from "./ports.ts";

export interface Examination {
  readonly name: string;
  /** What is wrong if it finds something, for the documents: a clause. */
  readonly finds: string;
  /** Nothing found: all is well, or there is nothing to look at. */
  readonly examine: (scene: Scene) => Promise<readonly Finding[]>;
}

/** What cannot be known is no finding: who does not answer, other examinations tell. */
export const knownOf = <T>(answer: Answer<T> | undefined): T | undefined =>
  answer?.kind === "ok" ? answer.value : undefined;

export const seenOf = <T>(seen: Seen<T>): T | undefined =>
  seen.kind === "seen" ? seen.value : undefined;

/** `a, b, c and 4 more` */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, 5);
  const more = names.length - first.length;
  return more > 0 ? `${first.join(", ")} and ${more} more` : first.join(", ");
}
