/** Does it for each, so many at once; a server with one database is not helped by more. */
export async function inParallel<T>(
  atOnce: number,
  items: readonly T[],
  perform: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await perform(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
