import fc from "fast-check";
import { expect, it } from "vitest";
import { ManagerError } from "../../../../src/base/errors/errors.ts";
import { IdempotentCalls } from "../../../../src/fleet/tools/idempotency/idempotent-calls.ts";
import type { CallResult } from "../../../../src/fleet/tools/idempotency/outcome.ts";

const windowMs = 1000;
const maxKeys = 3;

type Step =
  | { readonly kind: "call"; readonly key: number; readonly input: number }
  | { readonly kind: "leave"; readonly caller: number }
  | { readonly kind: "end"; readonly attempt: number; readonly how: "answer" | "not_sent" | "sent" | "refused" }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "turn" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("call" as const), key: fc.nat(3), input: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("leave" as const), caller: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      attempt: fc.nat(5),
      how: fc.constantFrom("answer" as const, "not_sent" as const, "sent" as const, "refused" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(1, 400, 1000) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "turn" as const }) },
);

interface Attempt extends PromiseWithResolvers<CallResult> {
  readonly key: number;
  readonly input: number;
  readonly startMs: number;
  end: { readonly sent: boolean; readonly atMs: number } | undefined;
}

interface Caller {
  readonly key: number;
  readonly input: number;
  readonly leave: AbortController;
  outcome: { readonly value: CallResult } | { readonly error: ManagerError } | undefined;
}

/** A world of callers who come, leave and wait, of tool calls that end in every way, and of time. */
class World {
  readonly attempts: Attempt[] = [];
  readonly callers: Caller[] = [];
  readonly #calls: IdempotentCalls;
  #nowMs = 0;

  constructor(maxBytes: number) {
    this.#calls = new IdempotentCalls({ elapsedMs: () => this.#nowMs, windowMs, maxBytes, maxKeys });
  }

  async do(step: Step): Promise<void> {
    if (step.kind === "call") this.#call(step.key, Math.floor(step.input / 4));
    if (step.kind === "leave") this.callers[step.caller % this.callers.length]?.leave.abort(left);
    if (step.kind === "end") this.#end(this.#open[step.attempt % this.#open.length], step.how);
    if (step.kind === "pass") this.#nowMs += step.ms;
    if (step.kind === "turn") await settled();
    this.check();
  }

  /** Ends what is under way; then everybody must have an outcome. */
  async finish(): Promise<void> {
    await settled();
    while (this.#open.length > 0) {
      this.#end(this.#open[0], "answer");
      await settled();
    }
    this.check();
    for (const { outcome } of this.callers) expect(outcome).toBeDefined();
    expect(this.#calls.size.underWay).toBe(0);
  }

  check(): void {
    for (const [index, attempt] of this.attempts.entries()) {
      const before = this.attempts.slice(0, index).filter(({ key }) => key === attempt.key);
      for (const { end } of before) {
        // Another call of the tool: the one before had ended, and was never sent or is long ago.
        expect(end).toBeDefined();
        expect(end?.sent === false || attempt.startMs - (end?.atMs ?? 0) >= windowMs).toBe(true);
      }
    }
    for (const caller of this.callers) if (caller.outcome !== undefined) this.#checkOutcome(caller, caller.outcome);
    const { underWay, ended } = this.#calls.size;
    expect(underWay + ended).toBeLessThanOrEqual(maxKeys);
  }

  /** A caller's result is that of a call of its own key and input. */
  #checkOutcome(caller: Caller, outcome: NonNullable<Caller["outcome"]>): void {
    const own = this.attempts.filter(({ key, input }) => key === caller.key && input === caller.input);
    if ("value" in outcome) {
      expect(own.map((attempt) => String(this.attempts.indexOf(attempt)))).toContain(outcome.value.result.json);
    } else if (outcome.error.details.delivery === "not_sent") {
      expect(["unavailable", "invalid", "too_much", "cancelled"]).toContain(outcome.error.kind);
    } else {
      expect(own.length).toBeGreaterThan(0);
    }
  }

  get #open(): Attempt[] {
    return this.attempts.filter(({ end }) => end === undefined);
  }

  #call(key: number, input: number): void {
    const leave = new AbortController();
    const caller: Caller = { key, input, leave, outcome: undefined };
    this.callers.push(caller);
    const keyed = { scope: ["", "fs", "write"] as const, key: `${key}`, digest: `${input}`, signal: leave.signal };
    this.#calls
      .run(keyed, (signal) => this.#attempt({ key, input }, signal))
      .then(
        (value) => {
          caller.outcome = { value };
        },
        (error) => {
          caller.outcome = { error };
        },
      );
  }

  #attempt(what: { key: number; input: number }, signal: AbortSignal): Promise<CallResult> {
    const attempt: Attempt = {
      ...what,
      ...Promise.withResolvers<CallResult>(),
      startMs: this.#nowMs,
      end: undefined,
    };
    this.attempts.push(attempt);
    // As a connection does: what is cancelled says whether it was sent. Here every other one was, and every third takes
    // its time to say so.
    const sent = this.attempts.length % 2 === 0;
    const isSlow = this.attempts.length % 3 === 0;
    const cancel = () => {
      if (attempt.end !== undefined || isSlow) return;
      attempt.end = { sent, atMs: this.#nowMs };
      attempt.reject(signal.reason.with({ delivery: sent ? "sent" : "not_sent" }));
    };
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel);
    return attempt.promise;
  }

  #end(attempt: Attempt | undefined, how: "answer" | "not_sent" | "sent" | "refused"): void {
    if (attempt === undefined) return;
    attempt.end = { sent: how !== "not_sent", atMs: this.#nowMs };
    const json = String(this.attempts.indexOf(attempt));
    if (how === "answer") attempt.resolve({ result: { json, isError: false, kind: "complete" }, instance: "i" });
    if (how === "not_sent") attempt.reject(failure("unavailable", "not_sent"));
    if (how === "sent") attempt.reject(failure("call_lost", "sent"));
    if (how === "refused") attempt.reject(failure("invalid", "answered"));
  }
}

const left = new ManagerError("cancelled", "the caller left", { details: { reason: "CANCELLED", delivery: "sent" } });

function failure(kind: "unavailable" | "call_lost" | "invalid", delivery: "not_sent" | "sent" | "answered") {
  return new ManagerError(kind, "it failed", { details: { reason: "SERVER_EXITED", delivery } });
}

/** Everything that needs no event has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it("Whatever callers, servers and time do, a call is sent at most once under its key, unless it was not sent", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: "max" }),
      fc.constantFrom(1500, 3000, 1_000_000),
      async (steps, maxBytes) => {
        const world = new World(maxBytes);
        for (const one of steps) await world.do(one);
        await world.finish();
      },
    ),
    { numRuns: 500 },
  );
});
