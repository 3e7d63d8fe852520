import { pino } from "pino";
import type { Log } from "./log.ts";

/** What takes lines, each with its end. */
export interface LogDestination {
  write(line: string): void;
}

/** Characters that turn text round, hide it or end a line for people who read it; JSON does not escape them. */
const invisible = /[\p{Cf}\p{Zl}\p{Zp}\x7f-\x9f]/gu;

/** The log has names and texts of servers, images and callers: no line may look like something else. */
function visibly(destination: LogDestination): LogDestination {
  const escaped = (char: string) =>
    Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");
  return { write: (line) => destination.write(line.replace(invisible, escaped)) };
}

/** JSON lines on stderr, so that stdout stays free. */
export function createPinoLog(level: "debug" | "info" | "warn" | "error", destination?: LogDestination): Log {
  const logger = pino(
    // Without a serializer an Error is `{}`, and its stack is what it is logged for.
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: pino.stdSerializers.err } },
    destination === undefined ? visibly(pino.destination({ fd: 2, sync: true })) : visibly(destination),
  );
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => logger.warn(fields, message),
    error: (message, fields) => logger.error(fields, message),
  };
}
