/** What every command ends with: documented, and scripts rely on it. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  /** The daemon cannot be reached. */
  unreachable: 3,
  /** It is there, and not as asked: an unhealthy system, a faulty configuration. */
  notAsAsked: 4,
} as const;
