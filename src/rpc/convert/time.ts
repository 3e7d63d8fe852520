import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

/** Milliseconds of a Duration; undefined when unset. */
export function durationMs(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}

/** Milliseconds since 1970 of a Timestamp; undefined when unset. */
export function timestampMs(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds) * 1000 + time.nanos / 1_000_000;
}

export function toDuration(ms: number): Duration {
  return create(DurationSchema, secondsAndNanos(ms));
}

export function toTimestamp(ms: number): Timestamp {
  return create(TimestampSchema, secondsAndNanos(ms));
}

function secondsAndNanos(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1_000_000) };
}
