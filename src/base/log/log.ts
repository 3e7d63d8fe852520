/** Fields of a log record: flat, and safe to show. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the manager writes what it does. The composition root hands in the implementation. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
