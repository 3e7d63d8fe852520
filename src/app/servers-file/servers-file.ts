import type { Log } from "../../base/log/log.ts";
import type { ServersFile as Declared } from "../../base/spec/declaration.ts";
import { problemText } from "../../config/servers-file/yaml/problem.ts";
import { ConfigError } from "../../config/settings/setting.ts";
import type { ApplyEvent } from "../../fleet/desired/applies.ts";
import type { ServersFileState } from "../../fleet/desired/file-state.ts";
import { fileSet } from "../../fleet/desired/plan.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { DeclaredSecrets } from "../../secrets/declared-secrets.ts";
import { parseApart } from "./parse-apart.ts";
import { type FileTexts, readFiles } from "./read-files.ts";
import { watchFolders } from "./watch-folders.ts";

export interface ServersFileOptions {
  /** The files, in the order in which they are merged. */
  readonly paths: readonly string[];
  /** What `${…}` in them stands for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fleet: Pick<Fleet, "apply" | "refreshSecretFiles">;
  readonly secrets: Pick<DeclaredSecrets, "declare">;
  readonly log: Log;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
}

/** The manager's own file: applied when the manager starts, when it changes, and when somebody asks. */
export class ServersFile implements AsyncDisposable {
  readonly #options: ServersFileOptions;
  readonly #closed = new AbortController();
  readonly #watcher: Disposable;
  #state: ServersFileState;
  /** Of what was last read, whatever became of it. */
  #digest = "";
  #applying: Promise<void> | undefined;
  #again: { readonly always: boolean } | undefined;

  /** Applies the file and watches it. Throws ConfigError when its folder is not there. */
  constructor(options: ServersFileOptions) {
    this.#options = options;
    this.#state = { paths: options.paths, kind: "applying", timeMs: options.now(), problems: [] };
    try {
      this.#watcher = watchFolders(options.paths, () => this.#look({ always: false }));
    } catch (error) {
      throw new ConfigError(`MCPM_SERVERS_FILE: its folder can't be watched: ${(error as Error).message}`);
    }
    this.#look({ always: true });
  }

  get state(): ServersFileState {
    return this.#state;
  }

  /** Applies it again, changed or not: values of secrets may be others. */
  reload(): void {
    this.#look({ always: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher[Symbol.dispose]();
    this.#closed.abort(new Error("the manager is shutting down"));
    await this.#applying;
  }

  /** One at a time, and one more for all that came meanwhile. */
  #look({ always }: { readonly always: boolean }): void {
    if (this.#closed.signal.aborted) return;
    this.#again = { always: always || this.#again?.always === true };
    this.#applying ??= this.#lookAll().finally(() => {
      this.#applying = undefined;
    });
  }

  async #lookAll(): Promise<void> {
    for (let look = this.#again; look !== undefined && !this.#closed.signal.aborted; look = this.#again) {
      this.#again = undefined;
      await this.#lookOnce(look);
    }
  }

  async #lookOnce({ always }: { readonly always: boolean }): Promise<void> {
    const { signal } = this.#closed;
    try {
      const texts = await readFiles(this.#options.paths, { known: always ? undefined : this.#digest, signal });
      if (!always && texts.digest === this.#digest) return;
      this.#digest = texts.digest;
      await this.#applyTexts(texts);
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Error ? error.message : String(error);
      // Not told again at each look.
      if (this.#state.kind === "failed" && this.#state.problems[0] === problem) return;
      this.#digest = "";
      this.#fail([problem]);
    }
  }

  async #applyTexts({ files }: FileTexts): Promise<void> {
    const { env, paths, now } = this.#options;
    const parsed = await parseApart({ files, env }, { signal: this.#closed.signal });
    if ("problems" in parsed) {
      this.#fail(parsed.problems.map(problemText));
      return;
    }
    this.#state = { paths, kind: "applying", timeMs: now(), problems: [] };
    const problems = await this.#apply(parsed.file);
    const kind = problems.length === 0 ? "applied" : "incomplete";
    this.#state = { paths, kind, timeMs: now(), problems };
  }

  /** Returns why servers are not as they were declared. */
  async #apply({ servers, secrets: sources }: Declared): Promise<string[]> {
    const { fleet, secrets, log } = this.#options;
    secrets.declare(sources);
    await fleet.refreshSecretFiles();
    const wanted = { set: fileSet, servers, prune: true, takeOver: false };
    const problems: string[] = [];
    for await (const event of fleet.apply(wanted, { dryRun: false, signal: this.#closed.signal })) {
      problems.push(...problemsOf(event));
      tell(event, log);
    }
    return problems;
  }

  #fail(problems: readonly string[]): void {
    const { log, paths, now } = this.#options;
    this.#state = { paths, kind: "failed", timeMs: now(), problems };
    log.error("the servers file has mistakes, and changes nothing", { problems });
  }
}

function problemsOf(event: ApplyEvent): string[] {
  if (event.kind === "change" && event.error !== undefined) return [`${event.server}: ${event.error.message}`];
  if (event.kind !== "plan") return [];
  const refused = event.steps.filter(({ action }) => action === "refuse");
  return refused.map(({ server, reason }) => `${server}: ${reason}`);
}

function tell(event: ApplyEvent, log: Log): void {
  if (event.kind === "plan") {
    for (const { server, action, reason } of event.steps) {
      if (action === "refuse") log.warn("the servers file can't change a server", { server, reason });
    }
  } else if (event.kind === "change") {
    const { server, action, error } = event;
    if (error === undefined) log.info("applied to a server what the servers file says", { server, action });
    else log.error("could not apply to a server what the servers file says", { server, action, error: error.message });
  } else if (event.kind === "done") {
    const { changed, kept, failed } = event;
    if (changed + failed > 0) log.info("applied the servers file", { changed, kept, failed });
  }
}
