import type { EraHint } from "../../mcp/conversation/era-plan.ts";
import type { Opened } from "../../mcp/conversation/handshake.ts";
import type { McpInfo } from "../../mcp/protocol/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { noFacts, type ProgramFacts } from "./program-facts.ts";

/** More processes of one program at a time are pinged less well. */
const maxGreeted = 100;

export interface KnownProgramOptions {
  readonly facts: ProgramFacts | undefined;
  readonly now: () => number;
  /** Told of what is known now. */
  readonly onLearnt: (facts: ProgramFacts) => void;
}

export interface HandshakeSeen {
  readonly record: InstanceRecord;
  /** The process was in conversation with a manager before: what it refuses may be for that. */
  readonly resuming: boolean;
  /** The spec says the era: nothing was found out. */
  readonly isPinned: boolean;
}

/** What one program turned out to be like, so that each thing is found out once. */
export class KnownProgram {
  readonly #options: KnownProgramOptions;
  #facts: ProgramFacts;

  constructor(options: KnownProgramOptions) {
    this.#options = options;
    this.#facts = options.facts ?? noFacts(options.now());
  }

  /** What era it is of, as far as is known. */
  get hint(): EraHint | undefined {
    const { era, answersProbe } = this.#facts;
    return era === undefined ? undefined : { era, answersProbe };
  }

  /** Whether it exits when it is asked for its era: it must not be. */
  get diesOfProbe(): boolean {
    return this.#facts.diesOfProbe;
  }

  get exitsOnSecondInitialize(): boolean {
    return this.#facts.exitsOnSecondInitialize;
  }

  /** How a process that runs is taken over without asking it to initialize again; undefined: it must be asked. */
  greeted({ id, startTimeMs }: InstanceRecord): { readonly info: McpInfo | undefined } | undefined {
    const { era, greeted, info, exitsOnSecondInitialize } = this.#facts;
    const process = greeted.find((one) => one.id === id);
    // One that started since then took no initialize yet.
    if (process !== undefined) return process.startTimeMs === startTimeMs && info !== undefined ? { info } : undefined;
    return exitsOnSecondInitialize && era !== "modern" ? { info } : undefined;
  }

  /** A handshake went well. */
  opened(opened: Opened, { record, resuming, isPinned }: HandshakeSeen): void {
    const { codec, info } = opened;
    const facts = this.#isAnother(info) ? noFacts(this.#options.now()) : this.#facts;
    const verdict = isPinned ? undefined : verdictOf(opened, { resuming });
    const { id, startTimeMs } = record;
    const others = facts.greeted.filter((process) => process.id !== id);
    const isGreeted = codec.era === "legacy" && startTimeMs !== undefined;
    this.#learn({
      ...facts,
      ...verdict,
      info: info ?? facts.info,
      greeted: (isGreeted ? [{ id, startTimeMs }, ...others] : others).slice(0, maxGreeted),
    });
  }

  /** It was taken for one of the legacy era, and said later that it speaks the modern one. */
  saidModern(): void {
    this.#learn({ ...this.#facts, era: "modern", answersProbe: true });
  }

  /** The hint did not hold: the next handshake finds out anew. */
  doubt(): void {
    this.#learn({ ...this.#facts, era: undefined, answersProbe: false, diesOfProbe: false });
  }

  diedOfProbe(): void {
    this.#learn({ ...this.#facts, era: "legacy", answersProbe: false, diesOfProbe: true });
  }

  exitedOnSecondInitialize(): void {
    this.#learn({ ...this.#facts, exitsOnSecondInitialize: true });
  }

  /** A mount or a volume may bring another program under the same name. */
  #isAnother(info: McpInfo | undefined): boolean {
    const { info: before } = this.#facts;
    if (info === undefined || before === undefined) return false;
    return info.serverName !== before.serverName || info.serverVersion !== before.serverVersion;
  }

  #learn(facts: ProgramFacts): void {
    if (JSON.stringify(facts) === JSON.stringify(this.#facts)) return;
    this.#facts = facts;
    this.#options.onLearnt(facts);
  }
}

/**
 * What a handshake says of the era. A process that was in conversation before may refuse the probe for that: of a
 * server that speaks both eras, one that took initialize does.
 */
function verdictOf({ codec, probe }: Opened, { resuming }: { resuming: boolean }): EraHint | undefined {
  if (codec.era === "modern" || probe === "modern") return { era: "modern", answersProbe: true };
  if (resuming || probe === "not_asked") return undefined;
  return { era: "legacy", answersProbe: probe === "refused" };
}
