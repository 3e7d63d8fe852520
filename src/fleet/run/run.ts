import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { within } from "../../base/async/within.ts";
import type { ErrorReason } from "../../base/errors/error-reason.ts";
import type { OutputExcerpt } from "../../base/errors/errors.ts";
import { Session } from "../../mcp/session.ts";
import type { Attachment, AttachmentSink, InstanceExit, InstanceRecord } from "../../runtime/runtime.ts";
import { OutputLog } from "../logs/output-log.ts";
import type { InstanceContext } from "./instance-context.ts";
import { connectionEnd, type RunEnd } from "./run-end.ts";

/** Attachment end and exit event come within milliseconds of each other; waiting longer helps nobody. */
const exitEventMs = 500;
/**
 * After a kill both come within tens of milliseconds, unless a stalled `docker attach` holds up the engine: then neither
 * comes, or only when that ends.
 */
const killMs = 3_000;
const inspectTries = 3;
/** Calls wait for the reply: better to tell them what is known. */
const inspectMs = 3_000;

/** The container that runs the instance: its id in the engine, the instance's identity, and what it was made of. */
export type RunRecord = Pick<InstanceRecord, "id" | "instance" | "imageId">;

export interface RunOptions {
  readonly record: RunRecord;
  readonly signal: AbortSignal;
}

/** Why the manager itself ends a run. */
export interface Release {
  readonly reason: ErrorReason;
  readonly message: string;
}

/**
 * A session over one attachment of an instance. When the attachment ends, it finds out why and fails the calls with it.
 */
export class Run {
  readonly session: Session;
  /** Resolves once, when it is known why the run ended; the calls have failed by then. */
  readonly ended: Promise<RunEnd>;
  readonly #context: InstanceContext;
  readonly #id: string;
  readonly #output: OutputLog;
  readonly #attachmentEnded = { ...Promise.withResolvers<void>(), ended: false };
  #exited = Promise.withResolvers<InstanceExit>();
  readonly #released = Promise.withResolvers<RunEnd>();
  #expected: Release | undefined;
  #patience: NodeJS.Timeout | undefined;
  #end: RunEnd | undefined;

  private constructor(context: InstanceContext, { id, instance, imageId }: RunRecord) {
    const { ring } = context.server;
    const { clientInfo, limits, listings } = context.services;
    const program = { imageId, spec: context.spec };
    this.#context = context;
    this.#id = id;
    this.#output = new OutputLog(ring, instance, { unfinishedStdout: () => this.session.unfinished });
    this.session = new Session({
      clientInfo,
      limits,
      // Random per attachment: a reply to the attachment before can't settle a call of this one. Larger ids break
      // servers that parse int32.
      firstId: randomInt(1, 2 ** 30),
      listener: {
        stderr: (chunk) => this.#output.stderr(chunk),
        strayLine: (line, note) => this.#output.strayLine(line, note),
        remark: (message) => ring.append(instance, { kind: "lifecycle", state: "ready", message }),
        logMessage: (entry) => this.#output.logMessage(entry),
        unclaimedReply: () => ring.countLateReply(),
        listed: listings && ((member, entries) => listings.keep(program, { member, entries })),
        attachmentEnded: () => {
          this.#attachmentEnded.ended = true;
          this.#attachmentEnded.resolve();
        },
      },
    });
    this.ended = this.#watch();
  }

  /** Takes over an instance that runs. Throws what `Runtime.attach` throws. */
  static attach(context: InstanceContext, { record, signal }: RunOptions): Promise<Run> {
    const run = new Run(context, record);
    const why = { reason: "ATTACH_FAILED", message: `could not attach to server ${context.server.name}` } as const;
    return run.#bind(() => context.services.runtime.attach(record.id, run.#sink, { signal }), why);
  }

  /** Starts an instance. Throws what `Runtime.run` throws. */
  static start(context: InstanceContext, { record, signal }: RunOptions): Promise<Run> {
    const run = new Run(context, record);
    const why = { reason: "START_FAILED", message: `server ${context.server.name} could not be started` } as const;
    return run.#bind(() => context.services.runtime.run(record.id, run.#sink, { signal }), why);
  }

  /** What the attachment feeds: the session, and what shows a line on stdout that is left without its end. */
  get #sink(): AttachmentSink {
    const { sink } = this.session;
    return {
      stdout: (chunk) => {
        sink.stdout(chunk);
        this.#output.stdoutReceived();
      },
      stderr: (chunk) => sink.stderr(chunk),
      drain: () => sink.drain(),
      end: (error) => sink.end(error),
    };
  }

  async #bind(open: () => Promise<Attachment>, why: Release): Promise<this> {
    try {
      const attachment = await open();
      this.session.bind(attachment);
      // It ended while the attachment was being opened: nobody else would close that.
      if (this.end !== undefined) attachment.close();
      return this;
    } catch (error) {
      this.release(why);
      throw error;
    }
  }

  /** Why it ended; undefined while it runs. */
  get end(): RunEnd | undefined {
    return this.#end;
  }

  /** The beginning and the end of what it wrote. */
  output(): OutputExcerpt {
    return this.#output.excerpt();
  }

  /**
   * From now on an end of the run is the manager's doing, for this reason. It has the process killed within so many
   * milliseconds at the latest: soon after that the calls fail, even if no sign of its end comes.
   */
  expectEnd(why: Release, { killedWithinMs }: { readonly killedWithinMs: number }): void {
    this.#expected = why;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.release(why), killedWithinMs + killMs);
  }

  /** Lets go of the attachment; calls still pending fail with this reason. The instance is not touched. */
  release(why: Release): void {
    this.#released.resolve({ kind: "released", ...why });
    this.#finish({ kind: "released", ...why });
  }

  async #watch(): Promise<RunEnd> {
    const unsubscribe = this.#context.services.exits.subscribe(this.#id, (exit) => this.#exited.resolve(exit));
    const end = await Promise.race([this.#released.promise, this.#findEnd()]);
    unsubscribe();
    this.#finish(this.#expected === undefined ? end : { kind: "released", ...this.#expected });
    return this.#end ?? end;
  }

  /** The last output and the exit event come in either order; both belong into the error. */
  async #findEnd(): Promise<RunEnd> {
    const attachment = this.#attachmentEnded;
    for (;;) {
      const exited = this.#exited.promise;
      await Promise.race([attachment.promise, exited]);
      const both = await within(exitEventMs, Promise.all([attachment.promise, exited]));
      if (both) return { kind: "exited", exit: await exited };
      // Why is known already, and the engine may not answer now (a stalled `docker attach` holds up its responses).
      if (attachment.ended && this.#expected !== undefined) return { kind: "released", ...this.#expected };
      const end = await this.#inspectEnd();
      const lives = end.kind === "detached" && !attachment.ended;
      if (!lives) return end;
      // A late event: the process before this one exited.
      this.#exited = Promise.withResolvers();
    }
  }

  /** What the engine says became of the instance. One failed look is not yet the engine's end. */
  async #inspectEnd(): Promise<RunEnd> {
    const { runtime } = this.#context.services;
    for (let tries = 1; this.#end === undefined; tries += 1) {
      try {
        const record = await runtime.inspect(this.#id, { signal: AbortSignal.timeout(inspectMs) });
        if (record === undefined) return { kind: "gone" };
        if (record.state === "exited") return { kind: "exited", exit: record.exit ?? { oomKilled: false } };
        return { kind: "detached" };
      } catch {
        if (tries === inspectTries) return { kind: "engine_down" };
        await delay(exitEventMs);
      }
    }
    return this.#end;
  }

  #finish(end: RunEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#patience);
    this.#output.end();
    // A message that is cut off by the manager itself is nobody's to see.
    const output = end.kind === "released" ? {} : this.output();
    this.session.end(connectionEnd(this.#context.server.name, { end, output }));
  }
}
