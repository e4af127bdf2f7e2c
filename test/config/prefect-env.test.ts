import { expect, test } from "vitest";
import { configOf, faultsOf, load, warningsOf } from "./load-from.ts";

const given = (text: string, more = ""): Parameters<typeof load>[0] => ({
  yaml: `prefect: {env_file: project/prefect.env}\n${more}`,
  files: { "project/prefect.env": text },
});

test("the three variables that people have become keys", async () => {
  const config = await configOf(
    given(
      "PREFECT_HOME=/mnt/data/prefect\nexport PREFECT_API_URL=http://10.0.0.7:4242/api\nPREFECT_UI_API_URL='http://198.51.100.7:4242/api/'",
    ),
  );
  expect(config).toMatchObject({
    prefect: {
      home: "/mnt/data/prefect",
      env: {},

      envFile: "DIR/project/prefect.env",
    },
    server: { port: 4242, publicUrl: "http://198.51.100.7:4242/api" },
  });
});

test("a relative PREFECT_HOME starts from the folder of its file", async () => {
  expect((await configOf(given("PREFECT_HOME=data"))).prefect.home).toBe("DIR/project/data");
  expect((await configOf(given("PREFECT_HOME=~/data"))).prefect.home).toBe("DIR/home/data");
});

test.each(["PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL"])(
  "%s is the database",
  async (name) => {
    const url = "postgresql+asyncpg://u:p@h/d";
    expect((await configOf(given(`${name}=${url}`))).server.databaseUrl).toBe(url);
  },
);

test("everything else goes to Prefect's processes, below prefect.env of the file", async () => {
  const { env } = (
    await configOf({
      ...given("A=from file\nB=2\nEMPTY="),
      yaml: "prefect: {env_file: project/prefect.env, env: {A: from map}}",
    })
  ).prefect;
  expect(env).toEqual({ A: "from map", B: "2", EMPTY: "" });
});

const addresses: readonly (readonly [string, number])[] = [
  ["http://h:80/api", 80],
  ["http://[::1]:4300/api", 4300],
  ["http://u:p@h:4300/api", 4300],
  ["http://h:4300", 4300],
];
test.each(addresses)("PREFECT_API_URL=%s gives the port %i", async (url, port) => {
  expect((await configOf(given(`PREFECT_API_URL=${url}`))).server.port).toBe(port);
});

test("PREFECT_API_URL is the server elsewhere if none runs here", async () => {
  const config = await configOf(
    given("PREFECT_API_URL=https://prefect.example.org/api", "server: {enabled: false}\n"),
  );
  expect(config.prefect.apiUrl).toBe("https://prefect.example.org/api");
  expect(config.server.port).toBe(4200);
});

const warnings: readonly (readonly [string, string])[] = [
  [
    "PREFECT_PROFILE=x",
    "PREFECT_PROFILE: is not handed on; every process is told all it needs; prefect.profile names the one of people's shells",
  ],
  [
    "PREFECT_API_KEY=hunter2",
    "PREFECT_API_KEY: is not handed on; keys belong to Prefect Cloud, and would hide the user and password of a server",
  ],
  [
    "PREFECT_API_URL=https://h/api",
    "PREFECT_API_URL: is not used: it names no port of http://; server.port says it",
  ],
  [
    "A=hunter2 # my",
    "A holds a #; what follows = belongs to the value, the comment too: put the comment on a line of its own",
  ],
];
test.each(warnings)("%s: a warning", async (line, warning) => {
  expect(await warningsOf(given(`\n${line}\n`))).toEqual([`DIR/project/prefect.env:2: ${warning}`]);
});

const publicAddress =
  "put the address of this machine in its place (the address that browsers use, such as http://192.0.2.10:4200/api)";
const faults: readonly (readonly [string, string])[] = [
  [
    "PREFECT_API_URL=http://[FLOATING_IP]:4200/api",
    `PREFECT_API_URL still holds the placeholder [FLOATING_IP]; ${publicAddress}`,
  ],
  [
    "PREFECT_UI_API_URL=http://<IP>:4200/api",
    `PREFECT_UI_API_URL still holds the placeholder <IP>; ${publicAddress}`,
  ],
  [
    "OTHER=YOUR_NAME",
    "OTHER still holds the placeholder YOUR_NAME; put your own value in its place",
  ],
  ["MY_TOKEN=YOUR_TOKEN", "MY_TOKEN still holds a placeholder; put your own value in its place"],
  [
    "PREFECT_API_URL=here",
    "PREFECT_API_URL: is not a URL, expected one such as http://127.0.0.1:4200/api",
  ],
  [
    "PREFECT_API_URL=http://h:70000/api",
    "PREFECT_API_URL: is not a URL, expected one such as http://127.0.0.1:4200/api",
  ],
  [
    "PREFECT_API_URL=http://h:0/api",
    "PREFECT_API_URL (server.port): is 0, expected a whole number from 1 to 65535",
  ],
  [
    "PREFECT_UI_API_URL=h",
    "PREFECT_UI_API_URL (server.public_url): is not such an address, expected a URL that begins with http:// or https://",
  ],
  [
    "PREFECT_HOME=$HOME/x",
    "PREFECT_HOME (prefect.home): holds a variable, which stays as it is, expected a path, written out or beginning with ~/",
  ],
  ["hunter2", "is not NAME=value; comments begin with #"],
];
test.each(faults)("%s: a fault", async (line, fault) => {
  expect(await faultsOf(given(`A=1\n\n${line}`))).toEqual([`DIR/project/prefect.env:3: ${fault}`]);
});

test("its faults come together with those of the configuration", async () => {
  expect(await faultsOf(given("nonsense", "server: {port: 0}\n"))).toHaveLength(2);
});
