/** The keys of `checks`. */
import * as z from "zod";
import * as leaf from "./leaf.ts";

const threshold = z.int().min(1).max(100);

/** What a check looks at; each is a key, and each check has one of them. */
export const checkTargets = [
  "mount",
  "command",
  "http",
  "file",
  "certificate",
  "free_space",
] as const;

export const check = z
  .strictObject({
    name: leaf.serviceName.meta({
      description:
        "By this name pools require it. One that is called prefect-home takes the place of the built-in check of PREFECT_HOME's volume.",
      examples: ["arc"],
    }),
    mount: leaf.path.optional().meta({
      description:
        "Holds if something is mounted at this folder and answers. One of mount, command, http, file, certificate and free_space is needed.",
      examples: ["~/arc"],
    }),
    command: leaf.command.optional().meta({
      description:
        "Holds if this ends with status 0; the last line that it prints is the reason. No shell reads it.",
      examples: [["/usr/local/bin/archive-is-up", "--quick"]],
    }),
    http: leaf.url.optional().meta({
      description: "Holds if a GET is answered with a status from 200 to 399.",
      examples: ["https://archive.example.org/health"],
    }),
    file: leaf.path.optional().meta({
      description: "Holds if this file is there, and is not older than max_age.",
      examples: ["/mnt/data/last-sync"],
    }),
    certificate: leaf.path.optional().meta({
      description:
        "Holds as long as each certificate in this PEM file is valid: the one that expires first counts.",
      examples: ["~/.ssl/cadcproxy.pem"],
    }),
    free_space: leaf.path.optional().meta({
      description: "Holds if the volume of this folder has room.",
      examples: ["/mnt/data"],
    }),
    max_age: leaf.duration.optional().meta({
      description: "Of file: since its last change. None: its age does not matter.",
      examples: ["1h"],
    }),
    min: leaf.size.optional().meta({
      description: "Of free_space: with less than this free, the check fails. 1GB if not given.",
      examples: ["2GB"],
    }),
    warn: leaf.spanOrSize.optional().meta({
      description:
        "Of certificate: the time before the end at which there is a warning; if not given 2d, or twice fail if that is longer. Of free_space: with less than this free there is a warning, twice min if not given.",
      examples: ["2d", "5GB"],
    }),
    fail: leaf.duration.optional().meta({
      description:
        "Of certificate: the time before the end at which the check fails. 1h if not given.",
      examples: ["1h"],
    }),
    every: leaf.everySpan.default("60s").meta({
      description: "How often it is looked at. While it is in doubt, every 5s.",
      examples: ["30s"],
    }),
    timeout: leaf.positiveTimer.default("10s").meta({
      description: "How long to wait for an answer.",
      examples: ["30s"],
    }),
    failure_threshold: threshold.default(2).meta({
      description: "How many failures in a row count.",
      examples: [3],
    }),
    success_threshold: threshold.default(2).meta({
      description: "How many successes in a row count, after a failure.",
      examples: [1],
    }),
  })
  .meta({ description: "Something that must hold, beside the units." });
