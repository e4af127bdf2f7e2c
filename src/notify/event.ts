/** What people are told: one event about one thing. Sentences are those of the status. */
import type { NotifyEvent } from "../config/config.ts";

export interface Event {
  readonly event: NotifyEvent | "test";
  /** `worker@vm-runs`, `check arc`, `job backup`, `problem …`. */
  readonly subject: string;
  readonly what: string;
  /** What comes next, or what the reader can do; null if nothing does. */
  readonly next: string | null;
  readonly at: Date;
}

/** As it goes out: the shape of the JSON, versioned as the status is. */
export interface Message {
  readonly version: 1;
  readonly event: Event["event"];
  readonly subject: string;
  readonly what: string;
  readonly next: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly host: string;
  /** Events of this thing that were held back since the last one. */
  readonly held: number;
  /** All of it for people; chats show this key. */
  readonly text: string;
}

export function messageOf(
  { event, subject, what, next, at }: Event,
  held: number,
  host: string,
): Message {
  const about = held === 0 ? [] : [`(${held} more held back since the last message about it)`];
  const advice = next === null ? [] : [`Next: ${next}`];
  const text = [`${host}: ${subject}: ${what}`, ...advice, ...about].join("\n");
  return { version: 1, event, subject, what, next, at: at.toISOString(), host, held, text };
}

/** For a command that reads no JSON. */
export const variablesOf = (message: Message): Readonly<Record<string, string>> => ({
  SAILS_EVENT: message.event,
  SAILS_SUBJECT: message.subject,
  SAILS_WHAT: message.what,
  SAILS_NEXT: message.next ?? "",
  SAILS_AT: message.at,
  SAILS_HOST: message.host,
  SAILS_HELD: String(message.held),
  SAILS_TEXT: message.text,
});
