/** variant-manager: a manager from its sources, without the fast path when MICRO_PLAIN is 1. */
import { startApp } from "../../src/app/app.ts";
import { createPinoLog } from "../../src/base/log/pino-log.ts";
import { keepTickShape } from "../../src/base/node-quirks/tick-shape.ts";
import { processSource, readConfig } from "../../src/config/config.ts";

const log = createPinoLog("info");
keepTickShape();
const app = await startApp(readConfig(processSource()), { log, fastPath: process.env.MICRO_PLAIN !== "1" });
log.info("listening", { port: app.port });
