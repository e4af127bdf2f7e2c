/** Finds a worker that has stopped listening for cancellations: it says so once, and works on. */

const words = ["FlowRunCancellingObserver", "Cancellation polling task failed"] as const;
const started = /^Worker '.+' started!/;

/**
 * What a worker of Prefect 3.6 says so of, is all its flow runs. From 3.8 each run is listened for
 * by itself, and only those of that moment cannot be cancelled by their worker any more.
 *
 * @param lines the end of its output; what stands before its last start is of another process
 */
export function hasDeafCanceller(lines: readonly string[]): boolean {
  const own = lines.slice(lines.findLastIndex((line) => started.test(line)) + 1);
  return own.some((line) => words.every((word) => line.includes(word)));
}
