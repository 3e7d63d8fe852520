import { pino } from "pino";
import type { Log } from "./log.ts";

/** JSON lines on stderr, so that stdout stays free. */
export function createPinoLog(level: "debug" | "info" | "warn" | "error"): Log {
  const logger = pino(
    // Without a serializer an Error is `{}`, and its stack is what it is logged for.
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: pino.stdSerializers.err } },
    pino.destination({ fd: 2, sync: true }),
  );
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => logger.warn(fields, message),
    error: (message, fields) => logger.error(fields, message),
  };
}
