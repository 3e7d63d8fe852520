import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp } from "@bufbuild/protobuf/wkt";

const maxNanos = 999_999_999;

/**
 * Milliseconds of a Duration; undefined when unset, NaN when it is out of range: the binary form can hold what JSON
 * can't.
 */
export function durationMs(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const { nanos } = duration;
  const seconds = Number(duration.seconds);
  if (Math.abs(nanos) > maxNanos || seconds * nanos < 0) return Number.NaN;
  return seconds * 1000 + nanos / 1_000_000;
}

/** Milliseconds since 1970 of a Timestamp; undefined when unset, NaN when it is out of range. */
export function timestampMs(time: Timestamp | undefined): number | undefined {
  if (time === undefined) return undefined;
  const { nanos } = time;
  return nanos < 0 || nanos > maxNanos ? Number.NaN : Number(time.seconds) * 1000 + nanos / 1_000_000;
}

export function toDuration(ms: number): Duration {
  return create(DurationSchema, secondsAndNanos(ms));
}

export function toTimestamp(ms: number): Timestamp {
  const { seconds, nanos } = secondsAndNanos(ms);
  return { $typeName: "google.protobuf.Timestamp", seconds, nanos };
}

function secondsAndNanos(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1_000_000) };
}
