import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { removeContainer } from "../engine/remove-container.ts";
import type { Image } from "../images/images.ts";
import { type Entry, entryAt, readFile } from "./container-files.ts";

/** What is kept of paths that were looked at, over all images. */
const maxKnown = 2000;

/** What images have at some of their paths. */
export class ImageFiles {
  readonly #engine: Engine;
  /** By image id and path, oldest first: what an id stands for does not change. */
  readonly #known = new Map<string, Entry>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Opens an image to look at its files. `makeBare` makes a container of it without any mount, which is never started:
   * the engine mounts what a container has before it looks for a file. It is made when something is not known yet, and
   * removed when the view is disposed.
   */
  open(image: Image, options: RuntimeCallOptions & { readonly makeBare: () => Promise<string> }): ImageView {
    return new ImageView({ ...options, identity: image, engine: this.#engine, known: this.#known });
  }
}

interface ViewOptions extends RuntimeCallOptions {
  readonly identity: Image;
  readonly engine: Engine;
  readonly known: Map<string, Entry>;
  readonly makeBare: () => Promise<string>;
}

export class ImageView implements AsyncDisposable {
  readonly identity: Image;
  readonly #options: ViewOptions;
  #bare: Promise<string> | undefined;

  constructor(options: ViewOptions) {
    this.identity = options.identity;
    this.#options = options;
  }

  async entry(path: string): Promise<Entry> {
    const { known } = this.#options;
    const key = `${this.identity.id} ${path}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = await entryAt(await this.#container(), path, this.#options);
    if (known.size >= maxKnown) known.delete(known.keys().next().value ?? "");
    known.set(key, found);
    return found;
  }

  /** Undefined when it has no such regular file. */
  async text(path: string): Promise<string | undefined> {
    return readFile(await this.#container(), path, this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const id = await this.#bare?.catch(() => undefined);
    if (id !== undefined) await removeContainer(id, { engine: this.#options.engine });
  }

  #container(): Promise<string> {
    this.#bare ??= this.#options.makeBare();
    return this.#bare;
  }
}
