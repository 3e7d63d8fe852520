import { createHmac, randomBytes } from "node:crypto";
import type { Log } from "../base/log/log.ts";
import { KeptTexts, type KeptTextsOptions } from "./kept-texts.ts";
import type { StateFolder } from "./state-folder.ts";

const keyBytes = 32;
const keyFile = "key";

/**
 * A folder of what may be lost at any time. Files are named after what they are about by HMAC: a subject may hold
 * secrets that are easily guessed (a PIN in a server's environment), and a plain hash of such a one tells it to whoever
 * gets to see the names, in a backup or a bug report. The key lies beside them, and never leaves the folder otherwise.
 */
export class CacheFolder implements AsyncDisposable {
  readonly #folder: StateFolder;
  readonly #log: Log;
  readonly #key: Buffer;
  readonly #opened: KeptTexts[] = [];

  private constructor(folder: StateFolder, { log, key }: { readonly log: Log; readonly key: Buffer }) {
    this.#folder = folder;
    this.#log = log;
    this.#key = key;
  }

  /** Throws what `StateFolder.open` throws. */
  static async open(folder: StateFolder, { log }: { readonly log: Log }): Promise<CacheFolder> {
    const known = await folder.read(keyFile, { maxBytes: keyBytes });
    if (known?.length === keyBytes) return new CacheFolder(folder, { log, key: known });
    const key = randomBytes(keyBytes);
    await folder.write(keyFile, key);
    return new CacheFolder(folder, { log, key });
  }

  /** Texts of one kind. */
  async texts(kind: string, options: KeptTextsOptions): Promise<KeptTexts> {
    const folder = await this.#folder.folder(kind);
    const nameOf = (subject: string) => createHmac("sha256", this.#key).update(`${kind}\0${subject}`).digest("hex");
    const texts = new KeptTexts(folder, { ...options, log: this.#log, nameOf });
    await texts.prune();
    this.#opened.push(texts);
    return texts;
  }

  /** Resolves when everything is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((texts) => texts.flush()));
  }
}
