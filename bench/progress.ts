/** What is being done, for whoever waits; the figures alone go to the standard output. */
export function progress(text: string): void {
  const seconds = (performance.now() / 1_000).toFixed(0);
  process.stderr.write(`${seconds.padStart(5)} s  ${text}\n`);
}
