import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { JournalTeller } from "../../src/host/journal-teller.ts";
import { TemporaryFolder } from "./real-launcher.ts";

/** Hears datagrams, and prints each as Python shows bytes. */
const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listens", flush=True)
while True:
    print(s.recv(1 << 20), flush=True)
`;

async function journald(path: string): Promise<{ process: ChildProcess; heard: string[] }> {
  const process = spawn("python3", ["-c", receiver, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const heard: string[] = [];
  const lines = createInterface({ input: process.stdout });
  await once(lines, "line");
  lines.on("line", (line) => heard.push(line));
  return { process, heard };
}

const tellerFor = (socket: string, program = resolve("libexec/tell-journal")): JournalTeller =>
  new JournalTeller({
    program,
    env: { PATH: "/usr/bin:/bin", SAILS_JOURNAL_DATAGRAMS: socket },
  });

test("fields go to journald as its native protocol has them", async () => {
  using folder = new TemporaryFolder();
  const socket = join(folder.path, "journald");
  const { process, heard } = await journald(socket);
  const teller = tellerFor(socket);
  const lost: string[] = [];
  teller.tell({ MESSAGE: "one é", PRIORITY: "4" }, () => lost.push("one"));
  teller.tell({ MESSAGE: "two\nlines" }, () => lost.push("two"));
  await teller.settled();
  teller.tell({ MESSAGE: "three" }, () => lost.push("three"));
  await teller.settled();
  expect(heard).toEqual([
    String.raw`b'MESSAGE=one \xc3\xa9\nPRIORITY=4\n'`,
    String.raw`b'MESSAGE\n\t\x00\x00\x00\x00\x00\x00\x00two\nlines\n'`,
    String.raw`b'MESSAGE=three\n'`,
  ]);
  expect(lost).toEqual([]);
  process.kill("SIGKILL");
});

test.each([
  ["journald is not there", resolve("libexec/tell-journal")],
  ["the program is not there", "/nonexistent"],
  ["the program fails", "/bin/false"],
])("where %s all is given back, in its order", async (_, program) => {
  using folder = new TemporaryFolder();
  const teller = tellerFor(join(folder.path, "nobody"), program);
  const lost: string[] = [];
  for (const words of ["one", "two"]) teller.tell({ MESSAGE: words }, () => lost.push(words));
  await teller.settled();
  expect(lost).toEqual(["one", "two"]);
});
