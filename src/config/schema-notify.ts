/** The keys of `notify`: who is told when somebody is needed. */
import * as z from "zod";
import * as leaf from "./leaf.ts";

/** What people can be told of. `recovered` ends each of the others. */
export const notifyEvents = [
  "unit-failing",
  "breaker-open",
  "check-failing",
  "backup-failed",
  "job-failed",
  "problem",
  "recovered",
] as const;

export const notifyTargets = ["command", "url"] as const;

export const notify = z
  .strictObject({
    name: leaf.serviceName.meta({
      description: "Name of the target, for `sails-supervisor notify test NAME`.",
      examples: ["mail"],
    }),
    command: leaf.command.optional().meta({
      description:
        "Is run for each event, with the event as JSON on its standard input and in SAILS_… variables. No shell reads it. One of command and url is needed.",
      examples: [["/usr/local/bin/tell-me"]],
    }),
    url: leaf.secretUrl.optional().meta({
      description: "Each event is posted there as JSON. It is kept out of all output.",
      examples: ["https://chat.example.org/hooks/…"],
    }),
    on: z
      .array(z.enum(notifyEvents))
      .min(1)
      .default([...notifyEvents])
      .meta({
        title: `a list of ${notifyEvents.join(", ")}`,
        description: "What is told. None given: all that needs a human, and that it is over.",
        examples: [["breaker-open", "backup-failed", "recovered"]],
      }),
    min_interval: leaf.positiveTimer.default("15m").meta({
      description:
        "The same event of the same thing is told at most once in this time. What was held back is counted, and the last word is always told.",
      examples: ["1h"],
    }),
    timeout: leaf.positiveTimer.default("20s").meta({
      description: "How long one attempt may take; there are four of them.",
      examples: ["10s"],
    }),
  })
  .meta({ description: "Somebody who is told." });
