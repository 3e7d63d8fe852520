import { invalidRequest } from "../../base/errors/errors.ts";

/** A place in a server's log: the ring, the entry in it, and its time in case the ring is gone. */
export interface LogCursor {
  readonly epochMs: number;
  readonly ordinal: number;
  readonly timeMs: number;
}

export function encodeCursor(cursor: LogCursor): string {
  return Buffer.from(`${cursor.epochMs}.${cursor.ordinal}.${cursor.timeMs}`).toString("base64url");
}

/** Throws `invalid` for what encodeCursor did not make. */
export function decodeCursor(text: string): LogCursor {
  const plain = Buffer.from(text, "base64url").toString("latin1");
  const [, epochMs, ordinal, timeMs] = /^([0-9]{1,15})\.(-?[0-9]{1,15})\.([0-9]{1,15})$/.exec(plain) ?? [];
  if (epochMs === undefined)
    throw invalidRequest([{ field: "cursor", description: "must be a cursor of a Logs event" }]);
  return { epochMs: Number(epochMs), ordinal: Number(ordinal), timeMs: Number(timeMs) };
}
