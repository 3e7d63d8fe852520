import { JsonFields } from "../../../json/json-fields.ts";
import { parseLine } from "../../../jsonrpc/message.ts";
import { readTexts } from "../shared/texts.ts";

/** A log notification; nothing of it is lost. */
export interface LogMessage {
  readonly level: string;
  /** Its `data`. */
  readonly text: string;
  /** Whether that is JSON; else it was a string. */
  readonly isJson: boolean;
  /** Empty: none named. */
  readonly logger: string;
  /** An object of the fields that have no place here; empty: there are none. */
  readonly extraJson: string;
}

/** Reads the params of `notifications/message`. */
export function logMessageOf(params: string): LogMessage {
  const fields = JsonFields.of(params);
  if (fields === undefined) return { level: "info", text: params, isJson: true, logger: "", extraJson: "" };
  const { values, placed } = readTexts(fields, ["level", "logger"]);
  const text = fields.string("data");
  const isJson = text === undefined && fields.raw("data") !== undefined;
  const extraJson = fields.rest(new Set([...placed, ...(text?.isWellFormed() === false ? [] : ["data"])]));
  return {
    level: values.level || "info",
    text: text?.toWellFormed() ?? fields.raw("data") ?? "",
    isJson,
    logger: values.logger,
    extraJson,
  };
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
