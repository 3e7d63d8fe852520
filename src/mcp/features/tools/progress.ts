import { detached } from "../../../base/text/detached.ts";
import { truncateUtf8 } from "../../../base/text/truncate.ts";
import { isExactNumber } from "../../../json/exact-number.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import { idOf } from "../../../jsonrpc/message-id.ts";

/** A step of a request, as its server tells it. */
export interface Progress {
  /** The nearest double; 0 when there is none. */
  readonly progress: number;
  readonly total?: number;
  readonly message: string;
  /** An object of the fields, or values, that have no place here; empty: there are none. */
  readonly extraJson: string;
  /** Whether the end of the message or all of `extraJson` is missing. */
  readonly truncated: boolean;
}

/** A message or log text of more is cut: the least that a caller takes of an event is 64 KiB, and JSON may need six
 * bytes for one. */
export const maxEventTextBytes = 8 * 1024;
const maxExtraBytes = 4 * 1024;

/** Reads the params of `notifications/progress`. Undefined when their token is no request id of ours. */
export function readProgress(params: string): { readonly token: number; readonly progress: Progress } | undefined {
  const fields = JsonFields.of(params);
  const token = idOf(fields?.raw("progressToken"));
  if (fields === undefined || token === undefined) return undefined;
  return { token, progress: progressOf(fields) };
}

function progressOf(fields: JsonFields): Progress {
  const progress = doubleOf(fields.raw("progress"));
  const total = doubleOf(fields.raw("total"));
  const text = fields.string("message");
  const whole = text?.isWellFormed() ? text : "";
  const message = truncateUtf8(whole, { maxBytes: maxEventTextBytes, keep: "start" });
  const extra = fields.rest(
    new Set([
      "progressToken",
      ...(progress.exact ? ["progress"] : []),
      ...(total.exact ? ["total"] : []),
      ...(text?.isWellFormed() ? ["message"] : []),
    ]),
  );
  const tooLarge = Buffer.byteLength(extra) > maxExtraBytes;
  return {
    progress: progress.value ?? 0,
    ...(total.value === undefined ? {} : { total: total.value }),
    // They may wait longer than the line that they came in.
    message: detached(message),
    extraJson: tooLarge ? "" : detached(extra),
    truncated: tooLarge || message !== whole,
  };
}

/** The nearest double, and whether it is just what was written. */
function doubleOf(text: string | undefined): { readonly value?: number; readonly exact: boolean } {
  if (text === undefined || !/^[-0-9]/.test(text)) return { exact: false };
  const value = Number(text);
  return Number.isFinite(value) ? { value, exact: isExactNumber(text) } : { exact: false };
}
