/** One target, with a clock that the test moves. */
import { expect, test } from "vitest";
import type { NotifyConfig } from "../../src/config/config.ts";
import { Courier, mostWaiting } from "../../src/notify/courier.ts";
import type { Event, Message } from "../../src/notify/event.ts";
import type { Delivery } from "../../src/notify/ports.ts";
import { minutes, seconds } from "../../src/supervision/time.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const event = (subject: string, kind: Event["event"] = "problem"): Event => ({
  event: kind,
  subject,
  what: "it is so",
  next: null,
  at: new Date(0),
});

const delivered: Delivery = { kind: "delivered" };
const away: Delivery = { kind: "failed", why: "away", isFinal: false };

function stage(answer: (attempt: number) => Delivery | Promise<Delivery>) {
  const clock = new VirtualClock();
  const sent: Message[] = [];
  const ended: Delivery[] = [];
  const config: NotifyConfig = {
    name: "mail",
    target: { kind: "command", command: ["true"] },
    on: ["problem", "recovered"],
    minInterval: minutes(15),
    timeout: seconds(20),
  };
  const courier = new Courier(config, {
    clock,
    host: "vm",
    send: async (_, message) => {
      sent.push(message);
      return answer(sent.length);
    },
    ended: (delivery) => void ended.push(delivery),
  });
  const settle = () => new Promise((done) => setImmediate(done));
  return { clock, sent, ended, courier, settle };
}

test("what is not asked for is not told", async () => {
  const { courier, sent, settle } = stage(() => delivered);
  courier.tell(event("server", "unit-failing"));
  await settle();
  expect(sent).toEqual([]);
});

test("a target that is away is tried four times in all", async () => {
  const { courier, clock, sent, ended, settle } = stage(() => away);
  courier.tell(event("a"));
  for (const pause of [seconds(5), seconds(30), minutes(2)]) {
    await settle();
    expect(ended).toEqual([]);
    await clock.advance(pause);
  }
  await settle();
  expect(sent).toHaveLength(4);
  expect(ended).toEqual([away]);
});

test("a refusal that is final is not tried again", async () => {
  const refusal: Delivery = { kind: "failed", why: "it answered 404", isFinal: true };
  const { courier, sent, ended, settle } = stage(() => refusal);
  courier.tell(event("a"));
  await settle();
  expect(sent).toHaveLength(1);
  expect(ended).toEqual([refusal]);
});

test("while one is under way others wait, a bounded number, the newest", async () => {
  const first = Promise.withResolvers<Delivery>();
  const { courier, sent, settle } = stage((attempt) => (attempt === 1 ? first.promise : delivered));
  for (let number = 0; number < 3 * mostWaiting; number += 1)
    courier.tell(event(`thing ${number}`));
  await settle();
  expect(sent).toHaveLength(1);
  first.resolve(delivered);
  await settle();
  expect(sent).toHaveLength(1 + mostWaiting);
  expect(sent.at(-1)?.subject).toBe(`thing ${3 * mostWaiting - 1}`);
});

test("what was held back comes when its time has come, with its count", async () => {
  const { courier, clock, sent, settle } = stage(() => delivered);
  for (let turn = 0; turn < 3; turn += 1) courier.tell(event("a"));
  await settle();
  expect(sent.map(({ held }) => held)).toEqual([0]);
  await clock.advance(minutes(15));
  await settle();
  expect(sent.map(({ held }) => held)).toEqual([0, 1]);
  expect(sent[1]?.text).toBe("vm: a: it is so\n(1 more held back since the last message about it)");
});

test("one that is disposed of leaves no timer and sends nothing more", async () => {
  const { courier, clock, sent, settle } = stage(() => away);
  courier.tell(event("a"));
  courier.tell(event("a"));
  await settle();
  courier[Symbol.dispose]();
  courier.tell(event("b"));
  await clock.advance(minutes(60));
  await settle();
  expect(sent).toHaveLength(1);
});
