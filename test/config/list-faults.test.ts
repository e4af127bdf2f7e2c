import { expect, test } from "vitest";
import { faultsOf } from "./load-from.ts";

const timer = "a duration such as 500ms, 30s, 15m, 12h or 7d, at most 24d";

/** One faulty key each: what follows DIR/config.yaml. */
const services: readonly (readonly [string, string])[] = [
  [
    "services: [{name: a b, command: [x]}]",
    ':1:13: services[0].name: is "a b", expected a name of letters, digits, . _ and -',
  ],
  [
    "services: [{name: a}]",
    ":1:12: services[0].command: is missing, expected a list of words, the program first",
  ],
  [
    "services: [{name: a, command: []}]",
    ":1:22: services[0].command: is an empty list, expected a list of words, the program first",
  ],
  [
    "services: [{name: a, command: ssh hunter2}]",
    ":1:22: services[0].command: is text, expected a list of words, the program first; write it as a list, such as [ssh, -N, gateway]",
  ],
  [
    "services: [{name: a, command: [x, 5]}]",
    ":1:35: services[0].command[1]: is 5, expected text; write it in quotes",
  ],
  [
    "services: [{name: a, command: [x], restart: allways}]",
    ':1:36: services[0].restart: is "allways", expected one of always, on-failure, no; did you mean always?',
  ],
  [
    "services: [{name: a, command: [x], stop_signal: TERM}]",
    ':1:36: services[0].stop_signal: is "TERM", expected one of SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGKILL',
  ],
  [
    "services: [{name: a, command: [x], stop_timeout: 10}]",
    `:1:36: services[0].stop_timeout: is 10, expected ${timer}; write it with its unit, such as 10s`,
  ],
  [
    "services: [{name: a, command: [x], stop_timeout: 1 h}]",
    `:1:36: services[0].stop_timeout: is "1 h", expected ${timer}`,
  ],
  [
    "services: [{name: a, command: [x], stop_timeout: 25d}]",
    `:1:36: services[0].stop_timeout: is "25d", expected ${timer}`,
  ],
  [
    "services: [{name: a, command: [x], restart_delay: 2m}]",
    ":1:36: services[0].restart_delay: makes the first wait (2m) longer than the longest (60s); change restart_delay or restart_max_delay",
  ],
  [
    "services: [{name: a, command: [x], after: [b]}]",
    ':1:44: services[0].after[0]: is "b", which is no unit; units are server, service@a',
  ],
  [
    "services: [{name: a, command: [x], after: [sever]}]",
    ':1:44: services[0].after[0]: is "sever", which is no unit; did you mean server?',
  ],
  [
    "services: [{name: a, command: [x], after: [service@a]}]",
    ":1:44: services[0].after[0]: makes service@a wait for itself: service@a → service@a; take one of them out of after",
  ],
  [
    "services: [{name: a, command: [x], startup: {}}]",
    ":1:36: services[0].startup: has none of them, expected exactly one of http, tcp, command",
  ],
  [
    "services: [{name: a, command: [x], startup: {tcp: 'h:1', command: [y]}}]",
    ":1:36: services[0].startup: has tcp and command, expected exactly one of http, tcp, command",
  ],
  [
    "services: [{name: a, command: [x], liveness: {tcp: 'h:0'}}]",
    ':1:47: services[0].liveness.tcp: is "h:0", expected HOST:PORT, such as 127.0.0.1:5432',
  ],
  [
    "services: [{name: a, command: [x], liveness: {tcp: 'h:1', period: 0s}}]",
    ':1:59: services[0].liveness.period: is "0s", expected a duration above 0 such as 500ms, 30s, 15m, 12h or 7d, at most 24d',
  ],
];

test.each(services)("%s", async (yaml, fault) => {
  expect(await faultsOf({ yaml })).toEqual([`DIR/config.yaml${fault}`]);
});

const schedules: readonly (readonly [string, string])[] = [
  ["{deployment: f/n}", ": has none of them, expected exactly one of cron, interval, rrule"],
  [
    "{deployment: f/n, cron: '@daily', rrule: FREQ=DAILY}",
    ": has cron and rrule, expected exactly one of cron, interval, rrule",
  ],
  ["{deployment: f, interval: 5m}", '.deployment: is "f", expected FLOW/NAME'],
  [
    "{deployment: f/n, interval: 0s}",
    '.interval: is "0s", expected a duration such as 500ms, 30s, 15m, 12h or 7d',
  ],
  [
    "{deployment: f/n, cron: '61 * * * *'}",
    '.cron: has "61" for the minute (0 to 59), expected five fields such as "*/15 * * * *", or @daily',
  ],
  [
    "{deployment: f/n, cron: '* * * *'}",
    '.cron: has 4 fields, expected five fields such as "*/15 * * * *", or @daily',
  ],
  [
    "{deployment: f/n, rrule: daily}",
    '.rrule: is "daily", expected a rule of RFC 5545 such as FREQ=DAILY;BYHOUR=3',
  ],
  [
    "{deployment: f/n, cron: '@daily', timezone: Mars}",
    '.timezone: is "Mars", expected a time zone such as UTC or Europe/Berlin',
  ],
];

test.each(schedules)("schedule %s", async (schedule, fault) => {
  const yaml = `deployments:\n  - prefect_yaml: p.yaml\n    schedules:\n      - ${schedule}\n`;
  const [only, ...others] = await faultsOf({ yaml, files: { "p.yaml": "" } });
  expect(only?.replace(/^DIR\/config.yaml:4:\d+: /, "")).toBe(
    `deployments[0].schedules[0]${fault}`,
  );
  expect(others).toEqual([]);
});

const waiting = (after: Readonly<Record<string, string>>): string =>
  [
    "services:",
    ...Object.entries(after).map(
      ([name, units]) => `  - {name: ${name}, command: [x], after: [${units}]}`,
    ),
  ].join("\n");

const rounds: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] =
  [
    ["a chain is none", { d: "", c: "service@d", b: "service@c", a: "service@b, service@d" }, []],
    [
      "a chain is none, from its other end",
      { a: "service@b, service@d", b: "service@c", c: "service@d", d: "" },
      [],
    ],
    [
      "one behind a way into it",
      { a: "server, service@b", b: "service@c", c: "service@b" },
      ["service@b → service@c → service@b"],
    ],
    [
      "several, each once, and what waits for them is none",
      {
        a: "service@b",
        b: "service@a",
        d: "service@a, server",
        e: "service@d",
        c: "service@e, service@c",
      },
      ["service@a → service@b → service@a", "service@c → service@c"],
    ],
  ];

test.each(rounds)("rounds of waiting: %s", async (_, after, expected) => {
  const faults = await faultsOf({ yaml: waiting(after) });
  expect(faults.map((fault) => fault.split("itself: ")[1]?.split(";")[0])).toEqual(expected);
});

test("a thousand services may wait for each other", async () => {
  const chain = Array.from({ length: 1000 }, (_, n) => [`s${n}`, `service@s${n + 1}`] as const);
  expect(await faultsOf({ yaml: waiting(Object.fromEntries([...chain, ["s1000", ""]])) })).toEqual(
    [],
  );
});

const targets = "mount, command, http, file, certificate, free_space";
const checks: readonly (readonly [string, string])[] = [
  ["{name: a}", `: has none of them, expected exactly one of ${targets}`],
  ["{name: a, mount: /m, file: /f}", `: has mount and file, expected exactly one of ${targets}`],
  ["{name: a b, mount: /m}", '.name: is "a b", expected a name of letters, digits, . _ and -'],
  [
    "{name: a, mount: /m, every: 500ms}",
    '.every: is "500ms", expected a duration from 1s to 24d such as 500ms, 30s, 15m, 12h or 7d',
  ],
  [
    "{name: a, mount: /m, max_age: 1h}",
    ".max_age: says nothing about mount: it belongs to file; take it out",
  ],
  [
    "{name: a, file: /f, warn: 1h}",
    ".warn: says nothing about file: it belongs to certificate and free_space; take it out",
  ],
  [
    "{name: a, free_space: /d, min: 2}",
    ".min: is 2, expected a size such as 500MB or 2GB; write it in quotes",
  ],
  [
    "{name: a, free_space: /d, min: 2Gb/s}",
    '.min: is "2Gb/s", expected a size such as 500MB or 2GB',
  ],
  ["{name: a, free_space: /d, warn: 2d}", '.warn: is "2d", expected a size such as 5GB'],
  ["{name: a, certificate: /c, warn: 5GB}", '.warn: is "5GB", expected a duration such as 2d'],
  [
    "{name: a, certificate: /c, warn: 30m}",
    ".warn: comes after the failure: warn is 30m, fail is 1h; make warn larger than fail",
  ],
  [
    "{name: a, free_space: /d, warn: 1GB, min: 2GB}",
    ".warn: comes after the failure: warn is 1GB, min is 2GB; make warn larger than min",
  ],
];

test.each(checks)("check %s", async (check, fault) => {
  const [only, ...others] = await faultsOf({ yaml: `checks:\n  - ${check}\n` });
  expect(only?.replace(/^DIR\/config.yaml:2:\d+: /, "")).toBe(`checks[0]${fault}`);
  expect(others).toEqual([]);
});

test("checks have names of their own, and pools require those that there are", async () => {
  const pools = "pools: [{name: p, requires: [arc, prefect-home, ark]}]";
  const twice = "checks: [{name: arc, mount: /m}, {name: arc, file: /f}]";
  expect(await faultsOf({ yaml: `${pools}\n${twice}\n` })).toEqual([
    'DIR/config.yaml:1:49: pools[0].requires[2]: is "ark", which is no check; did you mean arc?',
    'DIR/config.yaml:2:35: checks[1].name: is "arc", as checks[0].name is (DIR/config.yaml:2); give each a name of its own',
  ]);
});
