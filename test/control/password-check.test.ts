import { resolve } from "node:path";
import { hashSync } from "bcryptjs";
import { expect, test } from "vitest";
import { compareInThread, PasswordCheck } from "../../src/control/password-check.ts";

const worker = resolve("src/control/password-worker.ts");

function counting() {
  const asked: string[] = [];
  const check = new PasswordCheck(async (password, hash) => {
    asked.push(password);
    return hash === `hash of ${password}`;
  });
  return { asked, check };
}

test("what was found out is not compared again, right or wrong", async () => {
  const { asked, check } = counting();
  for (let time = 0; time < 3; time += 1) {
    expect(await check.check("hash of a", "a")).toBe("right");
    expect(await check.check("hash of a", "b")).toBe("wrong");
  }
  expect(asked).toEqual(["a", "b"]);
  expect(await check.check("another hash", "a")).toBe("wrong");
});

test("a name that does not exist takes a comparison too, and is never right", async () => {
  const asked: string[] = [];
  const check = new PasswordCheck(async (password) => {
    asked.push(password);
    return true;
  });
  expect(await check.check(undefined, "a")).toBe("wrong");
  expect(await check.check(undefined, "a")).toBe("wrong");
  expect(asked).toEqual(["a"]);
});

test("one at a time, and of those who guess only so many wait", async () => {
  let running = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  const check = new PasswordCheck(async () => {
    running += 1;
    most = Math.max(most, running);
    await gate.promise;
    running -= 1;
    return false;
  });
  const all = Array.from({ length: 30 }, (_, index) => check.check("hash", `guess ${index}`));
  const late = await Promise.all(all.slice(20));
  expect(new Set(late)).toEqual(new Set(["busy"]));
  gate.resolve();
  expect(new Set(await Promise.all(all.slice(0, 20)))).toEqual(new Set(["wrong"]));
  expect(most).toBe(1);
});

test("many guesses do not make the memory grow, and an error is not taken for an answer", async () => {
  let fails = false;
  const check = new PasswordCheck(async (password) => {
    if (fails) throw new Error("no thread");
    return password === "a";
  });
  for (let guess = 0; guess < 500; guess += 1) await check.check("hash", `guess ${guess}`);
  expect(await check.check("hash", "a")).toBe("right");
  fails = true;
  await expect(check.check("hash", "never asked")).rejects.toThrow("no thread");
  fails = false;
  expect(await check.check("hash", "never asked")).toBe("wrong");
});

test("bcrypt in a thread: the loop goes on meanwhile", async () => {
  const hash = hashSync("secret", 11);
  const compare = compareInThread(worker);
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  expect(await compare("secret", hash.replace("$2b$", "$2y$"))).toBe(true);
  expect(await compare("Secret", hash)).toBe(false);
  clearInterval(beat);
  expect(longest).toBeLessThan(100);
});
