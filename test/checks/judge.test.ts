import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { judge, lastLine } from "../../src/checks/judge.ts";
import type { Looked } from "../../src/checks/ports.ts";
import { describeTarget, type Target } from "../../src/checks/target.ts";
import { minutes, ms } from "../../src/supervision/time.ts";
import { TemporaryFolder } from "../host/real-launcher.ts";

const now = new Date("2026-11-25T12:00:00Z");

const ended = (output: string, status = 0): Looked => ({
  kind: "ended",
  status,
  signal: undefined,
  output,
  isTooMuch: false,
});

const killed = {
  kind: "ended",
  status: undefined,
  signal: "SIGKILL",
  output: "",
  isTooMuch: false,
} as const;

function said(target: Target, looked: Looked, mark?: string): string {
  const { kind, why } = judge(target, looked, { now, mark });
  return `${kind}: ${why}`;
}

describe("a mount", () => {
  const target = { kind: "mount", path: "/home/u/arc" } as const;
  const table = [
    "space 1 4096 2",
    "real /home/u/arc",
    "22 1 0:20 / / rw - ext4 /dev/vda rw",
    String.raw`36 22 0:30 / /home/u/with\040blank rw - fuse.sshfs u@far:/a\040b rw`,
    "37 22 0:31 / /home/u/arc rw,nosuid shared:5 - fuse.sshfs u@far:/arc rw",
  ].join("\n");

  test("that is there", () => {
    expect(said(target, ended(table))).toBe(
      "ok: fuse.sshfs of u@far:/arc is mounted at /home/u/arc and answers",
    );
  });

  test("through a link, and with blanks", () => {
    const link = { kind: "mount", path: "/link" } as const;
    const real = table.replace("real /home/u/arc", "real /home/u/with blank");
    expect(said(link, ended(real))).toBe(
      "ok: fuse.sshfs of u@far:/a b is mounted at /link and answers",
    );
  });

  test.each([
    [
      ended(table.replace("/home/u/arc rw", "/home/u/other rw")),
      "fail: nothing is mounted at /home/u/arc: it is a plain folder",
    ],
    [ended("stat: cannot stat: No such file or directory", 1), "fail: /home/u/arc does not exist"],
    [
      ended("Transport endpoint is not connected", 1),
      "fail: the file system at /home/u/arc has lost its program: Transport endpoint is not connected",
    ],
    [ended("Stale file handle", 1), "fail: /home/u/arc: Stale file handle"],
    [
      ended("Permission denied", 1),
      "fail: /home/u/arc may not be looked at by the user of this daemon",
    ],
    [killed, "error: the look at /home/u/arc ended with SIGKILL"],
    [{ kind: "not-asked", why: "no memory" } as const, "error: no memory"],
  ])("%#", (looked, expected) => {
    expect(said(target, looked)).toBe(expected);
  });
});

describe("a command", () => {
  const target = { kind: "command", command: ["up", "-q"] } as const;
  test.each([
    [ended("first\nall is well\n"), "ok: all is well"],
    [ended(""), "ok: up went well"],
    [ended("first\nno route\n", 3), "fail: up ended with status 3: no route"],
    [ended("", 1), "fail: up ended with status 1"],
    [killed, "fail: up was ended by SIGKILL"],
    [
      ended("/x/look-at: 62: exec: up: not found", 127),
      "fail: the command cannot be started: up: not found",
    ],
    [
      { ...ended("y"), isTooMuch: true } as Looked,
      "fail: up printed more than 1 MiB, and was ended for it",
    ],
  ])("%#", (looked, expected) => {
    expect(said(target, looked)).toBe(expected);
  });

  test("its last line reaches no terminal with more than words, and not for ever", () => {
    expect(lastLine("a\r\nb\u001B[31mred\u0007\n\n")).toBe("b [31mred");
    expect(lastLine("x".repeat(1000))).toHaveLength(301);
  });
});

test("what is secret in an address is not shown", () => {
  const url = "https://user:secret@far/health?token=secret&of=arc";
  const shown = describeTarget({ kind: "http", url });
  expect(shown).toBe("http https://far/health?token=****&of=arc");
});

describe("http", () => {
  const target = { kind: "http", url: "https://user:secret@far/health" } as const;
  test.each([
    [{ kind: "answered", status: 204 } as const, "ok: https://far/health answered 204"],
    [{ kind: "answered", status: 302 } as const, "ok: https://far/health answered 302"],
    [{ kind: "answered", status: 503 } as const, "fail: https://far/health answered 503"],
    [
      { kind: "refused", why: "nothing listens there" } as const,
      "fail: https://far/health: nothing listens there",
    ],
  ])("%#", (looked, expected) => {
    expect(said(target, looked)).toBe(expected);
  });
});

describe("a file", () => {
  const young = { kind: "file", path: "/f", maxAge: minutes(60) } as const;
  const changed = (secondsAgo: number) => ended(`changed ${now.getTime() / 1000 - secondsAgo}`);
  test.each([
    [young, changed(60), "ok: /f was changed 1 min ago"],
    [young, changed(3_600), "ok: /f was changed 1 h ago"],
    [young, changed(3_601), "fail: /f was changed 1 h ago, which is longer than 1 h (max_age)"],
    [young, changed(-60), "ok: /f was changed 0 ms ago"],
    [{ ...young, maxAge: undefined }, changed(86_400), "ok: /f was changed 1 d ago"],
    [young, ended(""), "error: nothing was said of /f"],
  ])("%#", (target, looked, expected) => {
    expect(said(target, looked)).toBe(expected);
  });
});

describe("room", () => {
  const target = { kind: "free-space", path: "/d", min: 2e9, warn: 4e9 } as const;
  const free = (bytes: number) => ended(`space ${bytes / 1000} 1000 10000000`);
  test.each([
    [free(4e9), "ok: 4.0 GB of 10 GB free on the volume of /d"],
    [free(3.999e9), "warn: only 4.0 GB of 10 GB free on the volume of /d, less than 4.0 GB (warn)"],
    [free(1.999e9), "fail: only 2.0 GB of 10 GB free on the volume of /d, less than 2.0 GB (min)"],
    [ended(""), "error: nothing was said of the volume of /d"],
  ])("%#", (looked, expected) => {
    expect(said(target, looked)).toBe(expected);
  });

  test("of PREFECT_HOME, whose volume may be another by now", () => {
    const home = { ...target, kind: "home", mark: async () => "m" } as const;
    const facts = (mark: string, folder = "/d") =>
      ended(`space 9000000 1000 10000000\nfolder ${folder}${mark === "" ? "" : `\nmark ${mark}`}`);
    expect(said(home, facts("m"), "m")).toMatch(/^ok/);
    expect(said(home, facts(""), undefined)).toMatch(/^ok/);
    expect(said(home, facts(""), "m")).toBe(
      "fail: /d (PREFECT_HOME) does not hold the database of the last run: its volume is probably not mounted",
    );
    expect(said(home, facts("", "/"), "m")).toContain("(PREFECT_HOME) is not there any more");
    expect(said(home, facts("other"), "m")).toMatch(/^fail/);
  });
});

describe("certificates", () => {
  using folder = new TemporaryFolder();
  const make = (name: string, days: number): string => {
    const file = join(folder.path, name);
    const words = `req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days ${days} -keyout ${file}.key -out ${file}`;
    execFileSync("openssl", words.split(" "), { stdio: "ignore" });
    return readFileSync(file, "utf8");
  };
  const [short, long] = [make("short", 3), make("long", 300)];
  const made = new Date();
  const at = (days: number): Date => new Date(made.getTime() + days * 86_400_000);
  const target = {
    kind: "certificate",
    path: "/c.pem",
    warn: ms(2 * 86_400_000),
    fail: ms(3_600_000),
  } as const;
  const found = (text: string, days: number): string => {
    const { kind, why } = judge(target, ended(text), { now: at(days), mark: undefined });
    return `${kind}: ${why}`;
  };

  test.each([
    ["the one that expires first counts", long + short, 0.5, /^ok: .* expires in 2 d/],
    ["there is a warning before", short, 1.5, /^warn: .* expires in 1 d/],
    ["it fails before the end", short, 2.99, /^fail: .* that is less than 1 h \(fail\)/],
    ["and after it", short + long, 4, /^fail: the certificate in \/c.pem expired 1 d ago/],
    ["one of tomorrow", long, -1, /^fail: a certificate in \/c.pem is not valid before/],
    ["none", "nothing", 0, /^fail: \/c.pem holds no certificate in PEM form/],
    ["a broken one", short.replaceAll(/[a-z]/g, "a"), 0, /^fail: .* that cannot be read/],
  ] as const)("%s", (_, text, days, expected) => {
    expect(found(text, days)).toMatch(expected);
  });
});
