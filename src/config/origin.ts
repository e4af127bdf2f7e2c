/** Where an effective value came from. */
import { basename } from "node:path";

export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly line: number }
  | { readonly kind: "variable"; readonly name: string }
  /** A line of prefect.env, which calls the value by another name than we do. */
  | {
      readonly kind: "env-file";
      readonly file: string;
      readonly line: number;
      readonly name: string;
    };

export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "variable":
      return origin.name;
    case "file":
    case "env-file":
      return `${basename(origin.file)}:${origin.line}`;
    default:
      return origin satisfies never;
  }
}
