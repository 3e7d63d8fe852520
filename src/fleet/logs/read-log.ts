import { decodeCursor, encodeCursor } from "./log-cursor.ts";
import { type LogEntry, type LogSource, sourceOf } from "./log-entry.ts";
import type { LogRing } from "./log-ring.ts";

export interface LogQuery {
  readonly follow: boolean;
  /** How many of the entries there are come first, the newest of them. Undefined: all. 0: only new ones. */
  readonly tail?: number | undefined;
  readonly sinceMs?: number | undefined;
  /** Empty: all. */
  readonly sources: readonly LogSource[];
  /** Go on after this event. Empty: from the start. */
  readonly cursor: string;
}

export type LogReading = { readonly cursor: string } & (
  | { readonly kind: "entry"; readonly entry: LogEntry }
  /** Entries are missing here; 0: not known how many. */
  | { readonly kind: "gap"; readonly lines: number; readonly timeMs: number }
  | { readonly kind: "heartbeat"; readonly timeMs: number }
);

export interface ReadLogOptions {
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since any moment; steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
}

/**
 * Reads a ring, and follows it until it closes or the signal aborts. The first reading comes at once, a heartbeat if
 * there is nothing else. A slow reader holds nothing: what the ring drops meanwhile is a gap. Throws `invalid` for a
 * text that is not a cursor.
 */
export async function* readLog(ring: LogRing, query: LogQuery, options: ReadLogOptions): AsyncGenerator<LogReading> {
  const { signal, heartbeatMs, now, elapsedMs } = options;
  const place = startOf(ring, query);
  const heartbeat = (): LogReading => ({ kind: "heartbeat", timeMs: now(), cursor: cursorBefore(ring, place, now) });
  /** When the last reading was handed out; undefined: none was. */
  let spokeMs: number | undefined;
  for (;;) {
    const since = ring.changes.count;
    for (const reading of readings(ring, { ...options, query, place })) {
      yield reading;
      spokeMs = elapsedMs();
    }
    if (signal.aborted || ring.closed || !query.follow) break;
    // Entries that don't match leave the reader without a word, too.
    const waitMs = spokeMs === undefined ? 0 : spokeMs + heartbeatMs - elapsedMs();
    if (waitMs > 0 && (await ring.changes.wait({ since, timeoutMs: waitMs, signal }))) continue;
    if (signal.aborted) break;
    yield heartbeat();
    spokeMs = elapsedMs();
  }
  if (spokeMs === undefined && !signal.aborted) yield heartbeat();
}

/** Where a reader is. */
interface Place {
  next: number;
  /** So many entries are missing before it, of which the reader does not know yet. */
  gap?: number | undefined;
}

interface Reading extends ReadLogOptions {
  readonly query: LogQuery;
  readonly place: Place;
}

/** What the ring has for a reader, which goes on meanwhile. */
function* readings(ring: LogRing, { query, place, now, signal }: Reading): Generator<LogReading> {
  if (place.gap !== undefined) yield gapAt(ring, { place, lines: place.gap, now });
  place.gap = undefined;
  while (place.next < ring.nextOrdinal && !signal.aborted) {
    const lines = ring.firstOrdinal - place.next;
    if (lines > 0) {
      place.next = ring.firstOrdinal;
      yield gapAt(ring, { place, lines, now });
      continue;
    }
    const entry = ring.at(place.next);
    place.next += 1;
    if (entry !== undefined && matches(entry, query)) yield { kind: "entry", entry, cursor: cursorOf(ring, entry) };
  }
}

function gapAt(ring: LogRing, { place, lines, now }: Pick<Reading, "place" | "now"> & { lines: number }): LogReading {
  return { kind: "gap", lines, timeMs: now(), cursor: cursorBefore(ring, place, now) };
}

function startOf(ring: LogRing, query: LogQuery): Place {
  const place = query.cursor === "" ? { next: ring.firstOrdinal } : resume(ring, query.cursor);
  return query.tail === undefined
    ? place
    : { ...place, next: Math.max(place.next, tailOf(ring, { ...query, tail: query.tail })) };
}

/** Where the last so many entries begin that the query asks for. */
function tailOf(ring: LogRing, query: LogQuery & { readonly tail: number }): number {
  let next = ring.nextOrdinal;
  for (let wanted = query.tail; wanted > 0 && next > ring.firstOrdinal; ) {
    next -= 1;
    const entry = ring.at(next);
    if (entry !== undefined && matches(entry, query)) wanted -= 1;
  }
  return next;
}

/** The cursor of another ring, which an earlier process of the manager gave out, is as good as its time. */
function resume(ring: LogRing, text: string): Place {
  const cursor = decodeCursor(text);
  if (cursor.epochMs !== ring.epochMs) return { next: ring.firstOrdinal, gap: 0 };
  return { next: Math.min(cursor.ordinal + 1, ring.nextOrdinal) };
}

function matches(entry: LogEntry, query: LogQuery): boolean {
  if (query.sinceMs !== undefined && entry.timeMs < query.sinceMs) return false;
  return query.sources.length === 0 || query.sources.includes(sourceOf(entry.event));
}

function cursorOf(ring: LogRing, entry: LogEntry): string {
  return encodeCursor({ epochMs: ring.epochMs, ordinal: entry.ordinal, timeMs: entry.timeMs });
}

function cursorBefore(ring: LogRing, { next }: Place, now: () => number): string {
  return encodeCursor({ epochMs: ring.epochMs, ordinal: next - 1, timeMs: now() });
}
