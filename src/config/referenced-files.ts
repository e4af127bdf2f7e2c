/** Looks at the files and folders that the configuration names and that must be there. */
import type { Fault } from "./fault.ts";
import type { KeyPath } from "./key-path.ts";
import { indexesOf } from "./relations.ts";
import type { Sources } from "./sources.ts";
import { type LookAt, lookAt, readText } from "./text-file.ts";
import { textOf } from "./unit-order.ts";

/** What does not answer is no fault: it may be there, and who uses it tells when it is not. */
export async function fileFaults(
  sources: Sources,
  look: LookAt = lookAt,
): Promise<readonly Fault[]> {
  const manifests = indexesOf(sources, ["deployments"]).map(
    (index) => ["deployments", index, "prefect_yaml"] as const,
  );
  const found = await Promise.all([
    check(sources, ["environment", "project"], (path) => folderFault(path, look)),
    check(sources, ["server", "auth_file"], authFileFault),
    ...manifests.map((path) => check(sources, path, (file) => fileFault(file, look))),
  ]);
  return found.flat();
}

type Complaint = Pick<Fault, "message" | "expected" | "cure">;

async function check(
  sources: Sources,
  key: KeyPath,
  complain: (path: string) => Promise<Complaint | undefined>,
): Promise<readonly Fault[]> {
  const path = textOf(sources, key);
  // A path that is none is named by the schema.
  if (path === undefined || !path.startsWith("/") || path.includes("\0")) return [];
  const complaint = await complain(path);
  return complaint === undefined ? [] : [{ ...sources.locate(key), ...complaint }];
}

export const absent = (path: string): Complaint => ({
  message: `${path} does not exist`,
  cure: "correct the path, create it, or take the key out",
});

async function folderFault(path: string, look: LookAt): Promise<Complaint | undefined> {
  const entry = await look(path);
  switch (entry.kind) {
    case "folder":
    case "silent":
      return undefined;
    case "absent":
      return absent(path);
    case "file":
      return { message: `${path} is a file`, expected: "a folder" };
    case "unusable":
      return { message: `${path} ${entry.message}`, expected: "a folder", cure: entry.cure };
    default:
      return entry satisfies never;
  }
}

async function fileFault(path: string, look: LookAt): Promise<Complaint | undefined> {
  const entry = await look(path);
  switch (entry.kind) {
    case "file":
    case "silent":
      return undefined;
    case "absent":
      return absent(path);
    case "folder":
      return { message: `${path} is a folder`, expected: "the prefect.yaml in it" };
    case "unusable":
      return { message: `${path} ${entry.message}`, cure: entry.cure };
    default:
      return entry satisfies never;
  }
}

async function authFileFault(path: string): Promise<Complaint | undefined> {
  const read = await readText(path);
  if (read.kind === "absent") {
    // Somebody wrote the words themselves: they are not for the journal.
    const cure = "it is a file that holds USER:PASSWORD, not the words themselves";
    return path.includes(":") ? { message: "names no file", cure } : absent(path);
  }
  if (read.kind === "unusable") return { message: `${path} ${read.message}`, cure: read.cure };
  if ((read.mode & 0o077) !== 0) {
    const mode = (read.mode & 0o777).toString(8).padStart(4, "0");
    return {
      message: `${path} is open to others than its owner (mode ${mode})`,
      cure: `run: chmod 600 ${path}`,
    };
  }
  if (/^[^:\s]+:\S.*$/.test(read.text.trim())) return undefined;
  return { message: `${path} holds something else`, expected: "USER:PASSWORD on one line" };
}
