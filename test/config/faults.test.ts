import { expect, test } from "vitest";
import { faultsOf } from "./load-from.ts";

const poolName = 'a name without / % : @ & < >, blanks around it or "prefect" in front';
const port = "a whole number from 1 to 65535";
const url = "a URL that begins with http:// or https://";
const python = "a version such as 3.12, or the path of an interpreter";

/** One faulty key each: what follows DIR/config.yaml. */
const single: readonly (readonly [string, string])[] = [
  ["servr: {}", ":1:1: servr: unknown key; did you mean server?"],
  ["port: 1", ":1:1: port: unknown key; did you mean server.port?"],
  [
    "server: {colour: red}",
    ":1:10: server.colour: unknown key; known here: enabled, host, port, public_url, auth_file, database_url",
  ],
  [
    "__proto__: {a: 1}",
    ":1:1: __proto__: unknown key; known here: prefect, environment, server, pools, deployments, checks, notify, concurrency_limits, drift, services, jobs, web, state_dir",
  ],
  ["server: 5", ":1:1: server: is 5, expected a map of keys"],
  ["server: []", ":1:1: server: is an empty list, expected a map of keys"],
  ["server: {port: abc}", `:1:10: server.port: is "abc", expected ${port}`],
  [
    'server: {port: "4200"}',
    `:1:10: server.port: is "4200", expected ${port}; write it without quotes`,
  ],
  ["server: {port: 70000}", `:1:10: server.port: is 70000, expected ${port}`],
  ["server: {port: 1.5}", `:1:10: server.port: is 1.5, expected ${port}`],
  [
    "server: {enabled: off}",
    ':1:10: server.enabled: is "off", expected true or false; write false',
  ],
  [
    "server: {host: 'a b'}",
    ':1:10: server.host: is "a b", expected an address such as 127.0.0.1 or a host\'s name',
  ],
  [
    "server: {public_url: ftp://x}",
    `:1:10: server.public_url: is not such an address, expected ${url}`,
  ],
  [
    "server: {public_url: 'http://[FLOATING_IP]:4200/api'}",
    `:1:10: server.public_url: still holds the placeholder [FLOATING_IP], expected ${url}; put the address of this machine in its place (the address that browsers use, such as http://192.0.2.10:4200/api)`,
  ],
  [
    "server: {database_url: 'postgresql://u:hunter2@h/d'}",
    ":1:10: server.database_url: names no database that Prefect can use, expected postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE or sqlite+aiosqlite:////PATH",
  ],
  [
    "state_dir: 5",
    ":1:1: state_dir: is 5, expected a path, written out or beginning with ~/; write it in quotes",
  ],
  [
    "state_dir: $HOME/x",
    ":1:1: state_dir: holds a variable, which stays as it is, expected a path, written out or beginning with ~/",
  ],
  ["state_dir: ''", ":1:1: state_dir: is empty, expected a path, written out or beginning with ~/"],
  [
    'state_dir: "/x\\0y"',
    ":1:1: state_dir: holds a NUL byte, expected a path, written out or beginning with ~/",
  ],
  ["environment: {python: python3}", `:1:15: environment.python: is "python3", expected ${python}`],
  [
    "environment: {python: 3.12}",
    `:1:15: environment.python: is 3.12, expected ${python}; write it in quotes`,
  ],
  [
    "prefect: {profile: a b}",
    ':1:11: prefect.profile: is "a b", expected a name of letters, digits, _ and -',
  ],
  [
    "prefect: {env: {A: 5}}",
    ":1:17: prefect.env.A: is a number, expected text; write it in quotes",
  ],
  [
    "prefect: {env: {A: }}",
    ':1:17: prefect.env.A: is empty, expected text; for an empty text write ""',
  ],
  [
    "prefect: {env: {PREFECT_HOME: /x}}",
    ":1:17: prefect.env.PREFECT_HOME: has a key of its own, prefect.home; write prefect.home instead",
  ],
  ["prefect: {env: {a-b: x}}", ":1:17: prefect.env.a-b: is no name of a variable"],
  ["prefect: {env: [A]}", ":1:11: prefect.env: is a list, expected a map of variables to text"],
  ["pools: {name: a}", ":1:1: pools: is a map of keys, expected a list"],
  ["pools: [a]", ":1:9: pools[0]: is text, expected a map of keys"],
  ["pools: [{}]", `:1:9: pools[0].name: is missing, expected ${poolName}`],
  [
    "pools: [{name: a}, {name: a}]",
    ':1:21: pools[1].name: is "a", as pools[0].name is (DIR/config.yaml:1); give each a name of its own',
  ],
  [
    "pools: [{name: a, queues: [{name: q, priority: 1}, {name: r, priority: 1}]}]",
    ":1:62: pools[0].queues[1].priority: is 1, as pools[0].queues[0].priority is (DIR/config.yaml:1); give each a priority of its own",
  ],
  [
    "concurrency_limits: [{name: a, limit: 1}, {name: a, limit: 2}]",
    ':1:44: concurrency_limits[1].name: is "a", as concurrency_limits[0].name is (DIR/config.yaml:1); give each a name of its own',
  ],
  [
    "drift: reprot",
    ':1:1: drift: is "reprot", expected enforce or report for all, or a map of keys; did you mean report?',
  ],
  [
    "drift: [report]",
    ":1:1: drift: is a list, expected enforce or report for all, or a map of keys",
  ],
  ["drift: {limits: never}", ':1:9: drift.limits: is "never", expected one of enforce, report'],
  ["pools: [{name: ''}]", `:1:10: pools[0].name: is "", expected ${poolName}`],
  ["pools: [{name: a/b}]", `:1:10: pools[0].name: is "a/b", expected ${poolName}`],
  ["pools: [{name: 'a:2'}]", `:1:10: pools[0].name: is "a:2", expected ${poolName}`],
  ['pools: [{name: "a\\nb"}]', `:1:10: pools[0].name: is "a\\nb", expected ${poolName}`],
  ["pools: [{name: Prefect-x}]", `:1:10: pools[0].name: is "Prefect-x", expected ${poolName}`],
  [
    "pools: [{name: a, workers: 0}]",
    ":1:19: pools[0].workers: is 0, expected a whole number from 1 to 1000",
  ],
  [
    "pools: [{name: a, concurrency_limit: 0}]",
    ":1:19: pools[0].concurrency_limit: is 0, expected a whole number, at least 1",
  ],
  [
    "pools: [{name: a, concurency_limit: 1}]",
    ":1:19: pools[0].concurency_limit: unknown key; did you mean concurrency_limit?",
  ],
  [
    "deployments: [{prefect_yaml: x.yaml}]",
    ":1:16: deployments[0].prefect_yaml: DIR/x.yaml does not exist; correct the path, create it, or take the key out",
  ],
  [
    "deployments: [{prefect_yaml: .}]",
    ":1:16: deployments[0].prefect_yaml: DIR is a folder, expected the prefect.yaml in it",
  ],
  [
    "environment: {project: nowhere}",
    ":1:15: environment.project: DIR/nowhere does not exist; correct the path, create it, or take the key out",
  ],
  [
    "environment: {project: p.yaml}",
    ":1:15: environment.project: DIR/p.yaml is a file, expected a folder",
  ],
  [
    "prefect: {env_file: nowhere.env}",
    ":1:11: prefect.env_file: DIR/nowhere.env does not exist; correct the path, create it, or take the key out",
  ],
  ["prefect: {env_file: /}", ":1:11: prefect.env_file: / is a folder, not a file"],
  [
    "web: {listen: 9746}",
    ":1:7: web.listen: is 9746, expected HOST:PORT, such as 127.0.0.1:9746 or [::1]:9746; write it in quotes",
  ],
  [
    "web: {listen: '::1:9746'}",
    ':1:7: web.listen: is "::1:9746", expected HOST:PORT, such as 127.0.0.1:9746 or [::1]:9746',
  ],
  [
    "web: {listen: '0.0.0.0:4200'}",
    ":1:7: web.listen: takes port 4200 for the server and for the supervisor's own pages; change server.port or web.listen",
  ],
];

test.each(single)("%s", async (yaml, fault) => {
  const faults = await faultsOf({ yaml, files: { "p.yaml": "" } });
  expect(faults).toEqual([`DIR/config.yaml${fault}`]);
});

test("all faults of a file are named at once, from top to bottom", async () => {
  const yaml = `
server:
  port: abc
  database_url: 5
pools:
  - {name: a, workers: none}
  - {name: a}
deployments:
  - schedules: [{cron: "* * * * *", interval: 5m}]
services:
  - {name: s, command: [x], after: [service@t, worker@a:2]}
  - {name: t, command: [x], after: [service@s]}
colour: red
`;
  const faults = await faultsOf({ yaml });
  expect(
    faults.map((fault) => /^DIR\/config.yaml:(\d+):\d+: (\S+):/.exec(fault)?.slice(1)),
  ).toEqual([
    ["3", "server.port"],
    ["4", "server.database_url"],
    ["6", "pools[0].workers"],
    ["7", "pools[1].name"],
    ["9", "deployments[0].prefect_yaml"],
    ["9", "deployments[0].schedules[0].deployment"],
    ["9", "deployments[0].schedules[0]"],
    ["11", "services[0].after[0]"],
    ["11", "services[0].after[1]"],
    ["13", "colour"],
  ]);
});

test("without a server here, pools and deployments need one elsewhere; services alone do not", async () => {
  const fault =
    "server.enabled: is false, and no key says where the server is; set prefect.api_url, such as https://prefect.example.org/api";
  const yaml = "server: {enabled: false}\n";
  expect(await faultsOf({ yaml: `${yaml}pools: [{name: a}]` })).toEqual([
    `DIR/config.yaml:1:10: ${fault}`,
  ]);
  expect(await faultsOf({ yaml: `${yaml}services: [{name: a, command: [x]}]` })).toEqual([]);
});
