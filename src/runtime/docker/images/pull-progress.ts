/** One line of the engine's answer to a pull. */
export interface PullMessage {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

const stepPercent = 10;
/** Ids of layers are a registry's own words, as far as an engine does not check them. */
const plainLine = /^[ -~]{1,300}$/;

/** Turns pull messages (dozens a second for each layer) into lines for people: each status once, then every tenth. */
export class PullProgress {
  readonly #last = new Map<string, string>();

  /** The line to show for this message, or undefined when it says nothing new. */
  line(message: PullMessage): string | undefined {
    const { id = "", status, progressDetail } = message;
    if (status === undefined) return undefined;
    const { current, total } = progressDetail ?? {};
    const step = current && total ? Math.floor((current / total) * (100 / stepPercent)) * stepPercent : undefined;
    const text = step === undefined ? status : `${status} ${step}%`;
    if (this.#last.get(id) === text) return undefined;
    this.#last.set(id, text);
    const line = id === "" ? text : `${id}: ${text}`;
    return plainLine.test(line) ? line : undefined;
  }
}
