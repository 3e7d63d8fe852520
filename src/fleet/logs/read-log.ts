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
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one loop: what it hands on by another generator costs each line more.
export async function* readLog(ring: LogRing, query: LogQuery, options: ReadLogOptions): AsyncGenerator<LogReading> {
  const heartbeat = (): LogReading => ({
    kind: "heartbeat",
    timeMs: options.now(),
    cursor: cursorBefore(ring, next, options),
  });
  const place = startOf(ring, query);
  let next = place.next;
  /** When the last reading was handed out; undefined: none was. */
  let spokeMs: number | undefined;
  if (place.gap !== undefined) {
    yield { kind: "gap", lines: place.gap, timeMs: options.now(), cursor: cursorBefore(ring, next, options) };
    spokeMs = options.elapsedMs();
  }
  for (;;) {
    const since = ring.changes.count;
    while (next < ring.nextOrdinal && !options.signal.aborted) {
      const lost = ring.firstOrdinal - next;
      if (lost > 0) {
        next = ring.firstOrdinal;
        yield { kind: "gap", lines: lost, timeMs: options.now(), cursor: cursorBefore(ring, next, options) };
        spokeMs = options.elapsedMs();
        continue;
      }
      const entry = ring.at(next);
      next += 1;
      if (entry === undefined || !matches(entry, query)) continue;
      yield { kind: "entry", entry, cursor: cursorOf(ring, entry) };
      spokeMs = options.elapsedMs();
    }
    if (options.signal.aborted || ring.closed || !query.follow) break;
    // Entries that don't match leave the reader without a word, too.
    const waitMs = spokeMs === undefined ? 0 : spokeMs + options.heartbeatMs - options.elapsedMs();
    if (waitMs > 0 && (await ring.changes.wait({ since, timeoutMs: waitMs, signal: options.signal }))) continue;
    if (options.signal.aborted) break;
    yield heartbeat();
    spokeMs = options.elapsedMs();
  }
  if (spokeMs === undefined && !options.signal.aborted) yield heartbeat();
}

function startOf(ring: LogRing, query: LogQuery): { next: number; gap?: number } {
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
function resume(ring: LogRing, text: string): { next: number; gap?: number } {
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

function cursorBefore(ring: LogRing, next: number, options: ReadLogOptions): string {
  return encodeCursor({ epochMs: ring.epochMs, ordinal: next - 1, timeMs: options.now() });
}
