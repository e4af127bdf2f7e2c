/**
 * `npm run audit`: known vulnerabilities in what is locked, by npm's own client. One in what is shipped
 * is a failure. Where the registry or a mirror in its place does not answer that question, it says so
 * and passes: nothing is known then, neither good nor bad.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { readAudit, sentences } from "./package/audit-report.ts";

const root = join(import.meta.dirname, "..");
const words = ["audit", "--json", "--omit=dev", "--package-lock-only"];
const { stdout, error } = spawnSync("npm", words, { cwd: root, encoding: "utf8" });
const report = readAudit(
  error === undefined ? stdout : `{"message": ${JSON.stringify(error.message)}}`,
);
for (const line of sentences(report)) console.log(line);
process.exitCode = report.kind === "vulnerable" ? 1 : 0;
