/** The longest that a timer of Node can run; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

const unitMs = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/**
 * Cuts the deadline that a client asks for (gRPC's `grpc-timeout`, Connect's `connect-timeout-ms`) to what a timer can
 * hold, 24 days. An invalid deadline is left for the RPC library to refuse.
 */
export function clampTimeout(headers: Headers): void {
  for (const name of ["grpc-timeout", "connect-timeout-ms"]) {
    const value = headers.get(name);
    if (value !== null) headers.set(name, clampedTimeout(name, value));
  }
}

/** The value of a header, cut like this if it is such a deadline. */
export function clampedTimeout(name: string, value: string): string {
  if (name === "grpc-timeout") {
    const [, digits, unit] = /^([0-9]{1,8})([HMSmun])$/.exec(value) ?? [];
    const isTooLong = Number(digits) * unitMs[unit as keyof typeof unitMs] > maxTimerMs;
    return isTooLong ? `${Math.floor(maxTimerMs / 1000)}S` : value;
  }
  if (name === "connect-timeout-ms") {
    return /^[0-9]{1,10}$/.test(value) && Number(value) > maxTimerMs ? String(maxTimerMs) : value;
  }
  return value;
}
