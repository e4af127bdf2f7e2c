/** Due times, by node-cron. */
import type { Calendar } from "../jobs/ports.ts";

/** It would write to the terminal by itself. */
const silent = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};

export const cronCalendar: Calendar = {
  async plan(cron, timezone, due) {
    // Most daemons have no jobs.
    const { createTask } = await import("node-cron");
    let isOver = false;
    const tell = (at: Date): void => {
      if (!isOver) due(at);
    };
    const options = { timezone, logger: silent, suppressMissedWarning: true, unref: true };
    const task = createTask(cron, ({ date }) => tell(date), options);
    // Where the machine slept, or was too busy: all times that have passed are one.
    let isTold = false;
    task.on("execution:missed", ({ date }) => {
      if (isTold) return;
      isTold = true;
      setImmediate(() => {
        isTold = false;
        tell(date);
      });
    });
    await task.start();
    return {
      get next() {
        return task.getNextRun() ?? undefined;
      },
      [Symbol.dispose]() {
        isOver = true;
        void task.destroy();
      },
    };
  },
};
