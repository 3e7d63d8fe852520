import { defineConfig } from "vitest/config";

// Two rungs: `unit` needs nothing but Node; `engine` needs what `make test` brings: a Docker engine, images, programs.
const globalSetup = "test/state-home.ts";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.engine.test.ts"],
          globalSetup,
          // Thousands of random cases take their time on a machine that does other things, too.
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/**/*.engine.test.ts"],
          globalSetup,
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
