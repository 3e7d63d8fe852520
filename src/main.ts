import { startApp } from "./app/app.ts";
import { version } from "./app/version.ts";
import { within } from "./base/async/within.ts";
import { ManagerError } from "./base/errors/errors.ts";
import { createPinoLog } from "./base/log/pino-log.ts";
import { keepTickShape } from "./base/node-quirks/tick-shape.ts";
import { processSource, readConfig, unknownSettings, usage } from "./config/config.ts";
import { ConfigError } from "./config/settings/setting.ts";
import { runtimeCapabilities } from "./runtime/capabilities.ts";

/** Time for the shutdown of a manager that lost its fleet. */
const lostMs = 2_000;

/** An error that the user can mend is one sentence; any other error is a bug and shows its stack. */
function fail(error: unknown): never {
  const known = error instanceof ConfigError || error instanceof ManagerError;
  process.stderr.write(`mcp-docker-manager: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}

/** The next SIGTERM or SIGINT; while one is awaited, it does not end the process by itself. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
}

async function main(): Promise<void> {
  const source = processSource();
  if (source.args.includes("--help") || source.args.includes("-h")) {
    process.stdout.write(usage());
    return;
  }
  if (source.args.includes("--version")) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const config = readConfig(source);
  const log = createPinoLog(config.log.level);
  for (const name of unknownSettings(source))
    log.warn("ignored an environment variable that is not a setting", { name });
  keepTickShape();
  const stopped = nextSignal();
  // Without a listener it would end the manager, also before there is anything to reload.
  let reload = () => {};
  process.on("SIGHUP", () => reload());
  const app = await startApp(config, { log, env: source.env });
  reload = () => app.reload();
  const { listen, fleet, runtime } = config;
  log.info("listening", { host: listen.host, port: app.port, fleet: fleet.name, runtime: runtime.kind });
  void app.adopted.then(() => log.debug("adoption finished"));
  const ending = await Promise.race([stopped, app.lost]);
  if (ending instanceof ManagerError) {
    log.error("another manager has the fleet; ending", { reason: ending.message });
    // Responses to calls that were cut off may still go out.
    await within(lostMs, Promise.resolve(app[Symbol.asyncDispose]()));
    process.exit(1);
  }
  // A second signal means: now.
  void nextSignal().then(() => process.exit(130));
  const { adoption } = runtimeCapabilities[config.runtime.kind];
  log.info(`shutting down; ${adoption ? "containers stay" : "servers end"}`, { signal: ending });
  await app[Symbol.asyncDispose]();
  log.info("stopped");
  process.exit(0);
}

main().catch(fail);
