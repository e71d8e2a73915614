import { writeFileSync } from "node:fs";

/** Prints `N passed, N failed, N skipped` alone on the last line; adds a suite that could not even be loaded to the failures. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.testResults.filter((r) => r.testExecError).length;
    const skipped = results.numPendingTests + results.numTodoTests;
    const counts = { passed: results.numPassedTests, failed, skipped };
    const file = process.env["TAPSOCK_TEST_COUNTS"];
    if (file) writeFileSync(file, JSON.stringify(counts));
    else process.stdout.write(`${counts.passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
