import type { RuntimeCallOptions } from "../runtime.ts";
import { type Entry, entryAt, readFile } from "./container-files.ts";
import type { Engine } from "./engine.ts";
import { type ImageIdentity, type Images, imageUnavailable } from "./images.ts";
import { removeContainer } from "./remove.ts";

/** What is kept of paths that were looked at, over all images. */
const maxKnown = 2000;

/** What images have at some of their paths. */
export class ImageFiles {
  readonly #engine: Engine;
  readonly #images: Images;
  /** By image id and path, oldest first: what an id stands for does not change. */
  readonly #known = new Map<string, Entry>();

  constructor(options: { readonly engine: Engine; readonly images: Images }) {
    this.#engine = options.engine;
    this.#images = options.images;
  }

  /**
   * Opens an image to look at its files. `makeBare` makes a container of it without any mount, which is never started:
   * the engine mounts what a container has before it looks for a file. It is made when something is not known yet, and
   * removed when the view is disposed.
   */
  async open(
    image: string,
    options: RuntimeCallOptions & { readonly makeBare: () => Promise<string> },
  ): Promise<ImageView> {
    const identity = await this.#images.identity(image, options);
    if (identity === undefined) throw imageUnavailable(image, "any more: it was removed meanwhile");
    return new ImageView({ ...options, identity, engine: this.#engine, known: this.#known });
  }
}

interface ViewOptions extends RuntimeCallOptions {
  readonly identity: ImageIdentity;
  readonly engine: Engine;
  readonly known: Map<string, Entry>;
  readonly makeBare: () => Promise<string>;
}

export class ImageView implements AsyncDisposable {
  readonly identity: ImageIdentity;
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
