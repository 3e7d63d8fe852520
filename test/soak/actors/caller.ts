import { setTimeout as delay } from "node:timers/promises";
import type { CallFailure } from "../clients/call-failure.ts";
import type { SoakClient, SoakResult } from "../clients/clients.ts";
import { type Entry, type Outcome, toldBy } from "../ledger.ts";
import type { Stage } from "../stage.ts";
import { randomCall, type SoakCall } from "./calls.ts";
import { Random } from "./random.ts";

/** After so many calls a caller hangs up, with the calls that are under way, and comes again. */
const callsAConnection = 400;
const lanes = 4;
/** A call that ended so long after the manager's own deadline is worth a look: where the time went is not told. */
const lateMs = 15_000;

/** A client and whether its user closed it. */
interface Line {
  readonly client: SoakClient;
  closed: boolean;
}

/** Calls random tools of random servers on a few lanes at once until the soak is over. */
export async function runCaller(
  stage: Stage,
  { name, seed, open }: { name: string; seed: number; open: (port: number) => SoakClient },
): Promise<void> {
  const { lives, over } = stage;
  let line: Line = { client: open(lives.port), closed: false };
  let calls = 0;
  const hangUp = () => {
    line.closed = true;
    line.client[Symbol.dispose]();
  };
  const lane = async (number: number) => {
    const random = new Random(seed + number);
    while (!over.aborted) {
      using _inside = await stage.gate.enter();
      calls += 1;
      if (calls % callsAConnection === 0) {
        hangUp();
        line = { client: open(lives.port), closed: false };
      }
      const id = `${name}.${calls}`;
      const outcome = await makeCall(stage, {
        id,
        line,
        call: randomCall({ id, server: random.pick(stage.servers), random }),
      });
      await delay(random.between(10, outcome.kind === "manager_gone" ? 500 : 100));
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  hangUp();
}

/** One call, from its place in the ledger to its end there. Never throws. */
export async function makeCall(
  stage: Stage,
  { id, line, call }: { id: string; line: Line; call: SoakCall },
): Promise<Outcome> {
  const { kind, request } = call;
  const { client } = line;
  const entry = stage.ledger.begin({ id, kind, client: client.kind, tapped: request !== undefined });
  const outcome = await outcomeOf(stage, { line, call, startMs: entry.startMs });
  stage.ledger.end(entry, outcome);
  const tookMs = performance.now() - entry.startMs;
  if (tookMs > lateMs)
    console.log(`  late: ${kind} ${id} by ${client.kind}: ${outcome.kind} after ${Math.round(tookMs)} ms`);
  // What was not sent is not remembered; and a line that was closed must not be opened again, for nobody would close it.
  if (request?.idempotencyKey !== undefined && toldBy(outcome) !== "not_sent" && !line.closed) {
    await sendAgain(stage, { line, call, first: outcome, firstEntry: entry });
  }
  return outcome;
}

/**
 * Once more under the same key, by the other of the two RPCs: the server must not get it twice from one manager, which
 * gives what it answered as long as it lives.
 */
async function sendAgain(
  stage: Stage,
  { line, call, first, firstEntry }: { line: Line; call: SoakCall; first: Outcome; firstEntry: Entry },
): Promise<void> {
  const { ledger, lives } = stage;
  const { stream, leaveAfterMs: _leave, timeoutMs: _timeout, ...rest } = call;
  const again = { ...rest, stream: stream === undefined ? { maxMessageBytes: 65_536 } : undefined };
  const id = `${firstEntry.id}.again`;
  const entry = ledger.begin({ id, kind: "a key again", client: line.client.kind, tapped: false });
  const outcome = await outcomeOf(stage, { line, call: again, startMs: entry.startMs });
  const isAnothers = lives.mayExplain("", { fromMs: firstEntry.startMs, toMs: performance.now() });
  if (isAnothers) ledger.mayComeTwice.add(firstEntry.id);
  const isLost = first.kind === "result" && outcome.kind === "error" && !isAnothers;
  const problem = `was answered, and again under its key failed: ${JSON.stringify(outcome)}`;
  ledger.end(entry, isLost ? { kind: "wrong", problem } : outcome);
}

async function outcomeOf(
  stage: Stage,
  { line, call, startMs }: { line: Line; call: SoakCall; startMs: number },
): Promise<Outcome> {
  const { leaveAfterMs, timeoutMs } = call;
  const leave = new AbortController();
  const leaving = leaveAfterMs === undefined ? undefined : setTimeout(() => leave.abort(), leaveAfterMs);
  try {
    const result = await resultOf(line.client, { call, signal: leave.signal });
    const problem = result.problem ?? call.check(result);
    return problem === undefined ? { kind: "result" } : { kind: "wrong", problem };
  } catch (error) {
    const given = leave.signal.aborted || line.closed;
    return failed(stage, { failure: line.client.failureOf(error), given, startMs, timeoutMs });
  } finally {
    clearTimeout(leaving);
  }
}

async function resultOf(
  client: SoakClient,
  { call, signal }: { call: SoakCall; signal: AbortSignal },
): Promise<SoakResult> {
  const { request, stream, server, timeoutMs } = call;
  const options = { signal, timeoutMs };
  if (request === undefined) return { text: String(await client.listTools(server, options)), isError: false };
  if (stream === undefined) return await client.callTool(request, options);
  return await client.callToolStream({ ...request, ...stream }, options);
}

interface Failed {
  readonly failure: CallFailure;
  /** Whether the caller gave it up. */
  readonly given: boolean;
  readonly startMs: number;
  readonly timeoutMs?: number | undefined;
}

/** What a failure means to its caller. */
export function failed({ lives }: Stage, { failure, given, startMs, timeoutMs }: Failed): Outcome {
  if (failure.reason !== undefined && failure.delivery !== undefined) return { kind: "error", failure };
  if (given || (failure.code === "DeadlineExceeded" && timeoutMs !== undefined)) return { kind: "given_up" };
  if (lives.mayExplain(failure.message, { fromMs: startMs, toMs: performance.now() }))
    return { kind: "manager_gone", failure };
  return { kind: "wrong", problem: `nothing explains ${JSON.stringify(failure)}` };
}
