import { JsonFields } from "../../../json/json-fields.ts";
import { parseLine } from "../../../jsonrpc/message.ts";

/** A log notification; `text` is its `data`, as JSON unless it is a string. */
export interface LogMessage {
  readonly level: string;
  readonly text: string;
}

/** Reads the params of `notifications/message`. */
export function logMessageOf(params: string): LogMessage {
  const fields = JsonFields.of(params);
  const level = fields?.string("level")?.toWellFormed() ?? "info";
  const text = fields?.string("data")?.toWellFormed() ?? fields?.raw("data") ?? params;
  return { level, text };
}

/** The log notification that a line is; "noise" for a line that is no message, undefined for any other message. */
export function readLogMessage(line: string): LogMessage | "noise" | undefined {
  for (const message of parseLine(line)) {
    if (message.kind === "noise") return "noise";
    if (message.kind === "notification" && message.method === "notifications/message")
      return logMessageOf(message.params);
  }
  return undefined;
}
