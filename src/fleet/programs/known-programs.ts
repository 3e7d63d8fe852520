import type { Log } from "../../base/log/log.ts";
import { KnownProgram } from "./known-program.ts";
import { identityOf, isLasting, type Program } from "./program.ts";
import { type ProgramFacts, readFacts } from "./program-facts.ts";
import type { TextCache } from "./text-cache.ts";

/** As many are held in memory. */
const maxPrograms = 1000;

export interface KnownProgramsOptions {
  /** Where what is learnt outlives the manager. */
  readonly cache: TextCache;
  /** The wall clock, in milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** What programs turned out to be like, by an earlier manager, too. */
export class KnownPrograms {
  readonly #options: KnownProgramsOptions;
  readonly #programs = new Map<string, Promise<KnownProgram>>();

  constructor(options: KnownProgramsOptions) {
    this.#options = options;
  }

  /** What is known of this one; what is learnt of it is told to what this gives. */
  of(program: Program): Promise<KnownProgram> {
    const identity = identityOf(program);
    const known = this.#programs.get(identity) ?? this.#recall(identity, isLasting(program));
    this.#programs.delete(identity);
    this.#programs.set(identity, known);
    for (const [oldest] of this.#programs) if (this.#programs.size > maxPrograms) this.#programs.delete(oldest);
    return known;
  }

  #read(text: string): ProgramFacts | undefined {
    const { now, log } = this.#options;
    try {
      return readFacts(text, now());
    } catch (error) {
      log.warn("ignored what was kept of a program: it can't be read", { error: String(error) });
      return undefined;
    }
  }

  async #recall(identity: string, lasts: boolean): Promise<KnownProgram> {
    const { cache, now } = this.#options;
    const text = lasts ? await cache.get(identity) : undefined;
    return new KnownProgram({
      facts: text === undefined ? undefined : this.#read(text),
      now,
      onLearnt: (facts) => lasts && cache.put(identity, JSON.stringify(facts)),
    });
  }
}
