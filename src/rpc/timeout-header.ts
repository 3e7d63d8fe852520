/** The longest that a timer of Node can run; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

const unitMs = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/**
 * Cuts the deadline that a client asks for (gRPC's `grpc-timeout`, Connect's `connect-timeout-ms`) to what a timer can
 * hold, 24 days. What is no deadline is left for the RPC library to refuse.
 */
export function clampTimeout(headers: Headers): void {
  const [, digits, unit] = /^([0-9]{1,8})([HMSmun])$/.exec(headers.get("grpc-timeout") ?? "") ?? [];
  if (Number(digits) * unitMs[unit as keyof typeof unitMs] > maxTimerMs) {
    headers.set("grpc-timeout", `${Math.floor(maxTimerMs / 1000)}S`);
  }
  const ms = headers.get("connect-timeout-ms") ?? "";
  if (/^[0-9]{1,10}$/.test(ms) && Number(ms) > maxTimerMs) headers.set("connect-timeout-ms", String(maxTimerMs));
}

/** What is left of a deadline that counts from `sinceMs` on, of `performance.now()`. */
export function timeoutLeft(timeoutMs: number | undefined, sinceMs: number): number | undefined {
  return timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - sinceMs);
}
