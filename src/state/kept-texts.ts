import type { Log } from "../base/log/log.ts";
import type { StateFolder } from "./state-folder.ts";

export interface KeptTextsOptions {
  /** More files, or more bytes in all, than so many: those that were written first go. */
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  /** A longer text is not kept. */
  readonly maxBytes: number;
  /** How long a text waits for a newer one about the same. Default: until the next turn of the event loop. */
  readonly delayMs?: number;
}

interface Naming {
  readonly log: Log;
  /** The name of the file that has what is kept about something. */
  readonly nameOf: (subject: string) => string;
}

/** So many writes are between two looks at how much there is. */
const writesPerLook = 100;

/**
 * Texts of one kind, by what they are about. Nobody waits for a write; of several about the same, the last is written.
 */
export class KeptTexts {
  readonly #folder: StateFolder;
  readonly #options: KeptTextsOptions & Naming;
  readonly #waiting = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #writes = 0;
  #hasFailed = false;

  constructor(folder: StateFolder, options: KeptTextsOptions & Naming) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Undefined: nothing is kept about it, or it can't be read. */
  async get(subject: string): Promise<string | undefined> {
    const { nameOf, maxBytes } = this.#options;
    const name = nameOf(subject);
    return this.#waiting.get(name) ?? (await this.#folder.read(name, { maxBytes }))?.toString();
  }

  put(subject: string, text: string): void {
    const { nameOf, maxBytes, delayMs = 0 } = this.#options;
    // Three bytes a character at most: a short text need not be measured.
    if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) return;
    this.#waiting.set(nameOf(subject), text);
    this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref();
  }

  /** Resolves when what was put is written. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(() => this.#writeAll());
    return this.#written;
  }

  /** Removes what is too much. */
  async prune(): Promise<void> {
    const { maxFiles, maxTotalBytes } = this.#options;
    let bytes = 0;
    for (const [index, file] of (await this.#folder.files()).entries()) {
      bytes += file.bytes;
      if (index >= maxFiles || bytes > maxTotalBytes) await this.#folder.remove(file.name);
    }
  }

  async #writeAll(): Promise<void> {
    try {
      for (const [name, text] of [...this.#waiting]) {
        await this.#folder.write(name, text);
        // A newer one may have come meanwhile.
        if (this.#waiting.get(name) === text) this.#waiting.delete(name);
        this.#writes += 1;
        if (this.#writes % writesPerLook === 0) await this.prune();
      }
      this.#hasFailed = false;
    } catch (error) {
      this.#waiting.clear();
      this.#tell(error);
    }
  }

  /** Once, until something can be written again. */
  #tell(error: unknown): void {
    if (!this.#hasFailed)
      this.#options.log.warn("could not keep what was learnt of programs", { error: String(error) });
    this.#hasFailed = true;
  }
}
