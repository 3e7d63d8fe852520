import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "./engine.ts";
import { askInfo, type EngineInfo } from "./engine-info.ts";

/** What the engine says of itself. It is asked once, and again when it was away. */
export class EngineFacts {
  readonly #engine: Engine;
  readonly #onKnown: (info: EngineInfo) => void;
  #known: EngineInfo | undefined;
  #last: EngineInfo | undefined;
  #asking: Promise<EngineInfo> | undefined;
  #lives = 0;

  /** `onKnown` is told of each response. */
  constructor(engine: Engine, { onKnown }: { readonly onKnown: (info: EngineInfo) => void }) {
    this.#engine = engine;
    this.#onKnown = onKnown;
  }

  /** What it said last, perhaps before it was away; undefined: it was never asked. */
  get last(): EngineInfo | undefined {
    return this.#last;
  }

  /** One question for all who want to know at a time. */
  async ask(options: RuntimeCallOptions): Promise<EngineInfo> {
    if (this.#known !== undefined) return this.#known;
    this.#asking ??= this.#askNow(this.#lives);
    const asking = this.#asking;
    return this.#engine.call("say what it enforces", () => asking, options);
  }

  /** The engine was away: it may be another one, or have other settings. */
  engineBack(): void {
    this.#known = undefined;
    this.#asking = undefined;
    this.#lives += 1;
  }

  async #askNow(life: number): Promise<EngineInfo> {
    try {
      const info = await this.#engine.call("say what it enforces", askInfo, {});
      if (life === this.#lives) this.#known = info;
      this.#last = info;
      this.#onKnown(info);
      return info;
    } finally {
      if (life === this.#lives) this.#asking = undefined;
    }
  }
}
