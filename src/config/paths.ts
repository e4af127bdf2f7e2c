/** Makes the paths of one source absolute: each source has its own folder to start from. */
import { join, resolve } from "node:path";
import type { Kind } from "./leaf.ts";

/** @param base what a relative path is relative to */
export function absolutePath(path: string, base: string, home: string): string {
  if (path === "~" || path.startsWith("~/")) return join(home, path.slice(1));
  return resolve(base, path);
}

/** For `mapKinds`. Values that are no paths, or faulty ones, stay as they are. */
export const absolutePaths =
  (base: string, home: string) =>
  (kind: Kind, value: unknown): unknown => {
    const absolute = (text: unknown): unknown =>
      typeof text === "string" && text.trim() !== "" ? absolutePath(text, base, home) : text;
    const ifPath = (text: unknown): unknown =>
      typeof text === "string" && text.includes("/") ? absolute(text) : text;
    switch (kind) {
      case "path":
        return absolute(value);
      case "python":
        return ifPath(value);
      case "program":
        // A name without a slash is looked for in PATH.
        return Array.isArray(value)
          ? [ifPath(value[0]), ...value.slice(1)].slice(0, value.length)
          : value;
      case "variables":
      case "secret":
        return value;
      default:
        return kind satisfies never;
    }
  };
