/** Asks a Prefect server what a test wants to know, past everything that is ours. */

export async function ask<T>(apiUrl: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${apiUrl}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Resolves with the first answer for which it holds; the server tells nobody of what changes. */
export async function askUntil<T>(
  question: () => Promise<T>,
  holds: (answer: T) => boolean,
): Promise<T> {
  for (;;) {
    const answer = await question().catch(() => undefined);
    if (answer !== undefined && holds(answer)) return answer;
    await new Promise((done) => setTimeout(done, 250));
  }
}
