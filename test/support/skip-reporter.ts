import { writeFileSync } from "node:fs";
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

/** What `scripts/test` counts: vitest's own JSON report drops the reason of `ctx.skip("reason")`. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly unknown[],
    _reason: TestRunEndReason,
  ): void {
    let passed = 0;
    let failed = unhandled.length;
    const skipped: { test: string; reason: string }[] = [];
    for (const module of modules) {
      // A file that cannot be imported has no tests to fail, only an error of its own.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") passed += 1;
        else if (result.state === "failed") failed += 1;
        else {
          const reason =
            result.state === "skipped"
              ? (result.note ?? "no reason given")
              : "it was never reached";
          skipped.push({ test: `${module.relativeModuleId} > ${test.fullName}`, reason });
        }
      }
    }
    if (skipped.length > 0) console.log("\nskipped:");
    for (const { test, reason } of skipped) console.log(`  ${test}: ${reason}`);
    const report = process.env["SAILS_TEST_REPORT"];
    if (report !== undefined) writeFileSync(report, JSON.stringify({ passed, failed, skipped }));
  }
}
