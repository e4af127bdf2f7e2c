/** The errno's name of what a system call threw; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** For people: Node puts the name of the system call first, which tells them nothing. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
