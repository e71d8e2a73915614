/** Two projects: `unit` runs anywhere and in virtual time; `kernel` talks to the Linux kernel and runs inside a namespace of its own (see scripts/test). */
const shared = {
  extensionsToTreatAsEsm: [".ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "es6" } }] },
  testEnvironment: "node",
};

export default {
  coverageProvider: "v8",
  // For programs and workers that a test starts on a machine that has much else to do; no test measures time.
  testTimeout: 30_000,
  // Modules of a test that is over stay in memory: in one process the heap grows until nothing but collecting it goes on.
  maxWorkers: 2,
  workerIdleMemoryLimit: "512MB",
  projects: [
    { ...shared, displayName: "unit", testMatch: ["<rootDir>/test/**/*.test.ts"], testPathIgnorePatterns: ["<rootDir>/test/kernel/"] },
    { ...shared, displayName: "kernel", testMatch: ["<rootDir>/test/kernel/**/*.test.ts"] },
  ],
  reporters: ["default", "<rootDir>/test/support/summary-reporter.js", "<rootDir>/test/support/requirement-reporter.js"],
  testLocationInResults: true,
};
