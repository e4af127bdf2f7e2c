/** What is wrong with a configuration, and how that is said. */

export interface Place {
  readonly line: number;
  readonly column?: number | undefined;
}

export interface Fault extends Partial<Place> {
  readonly file?: string | undefined;
  /** What it is about: `pools[1].name`, `SAILS_SERVER_PORT (server.port)`. */
  readonly key?: string | undefined;
  /** Reads on from the key: `server.port: is "abc"`. */
  readonly message: string;
  readonly expected?: string | undefined;
  readonly cure?: string | undefined;
}

/** One line: where, what, what was expected, what to do. */
export function describeFault(fault: Fault): string {
  const where = [fault.file, fault.line, fault.column].filter((part) => part !== undefined);
  const head = [where.join(":"), fault.key, fault.message].filter(Boolean).join(": ");
  const expected = fault.expected === undefined ? "" : `, expected ${fault.expected}`;
  return head + expected + (fault.cure === undefined ? "" : `; ${fault.cure}`);
}
