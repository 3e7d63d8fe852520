// run.ts SCHEMATHESIS [OPTION...]: a manager on plain processes with one server, tried by Schemathesis from the document
// that it serves. Ends as that does.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { hostileProcessSpec, TestManager } from "../e2e/test-manager.ts";

const [given = "", ...options] = process.argv.slice(2);
// It leaves a cache where it runs.
const program = resolve(given);
const [config, hooks] = ["schemathesis.toml", "hooks.py"].map((file) => fileURLToPath(new URL(file, import.meta.url)));
const { PATH } = process.env;

// The specs that it makes up name commands: none must be found.
process.env.PATH = "/nowhere";
await using manager = await TestManager.start({ MCPM_RUNTIME: "process" });
await manager.client.start({ name: "the-one-server", spec: hostileProcessSpec() });

const args = [
  "--config-file",
  config ?? "",
  "run",
  `${manager.url}/openapi.json`,
  "--request-timeout",
  "20",
  ...options,
];
const child = spawn(program, args, {
  stdio: "inherit",
  cwd: dirname(program),
  env: { ...process.env, PATH, SCHEMATHESIS_HOOKS: hooks },
});
const [code] = await once(child, "exit");
process.exitCode = code ?? 1;
