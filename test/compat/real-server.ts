import type { DifferenceName } from "../e2e/protocols/oracle/differences.ts";

/** A call of a tool, and what is then to be seen. `$NAME` as in a spec. */
export interface Call {
  readonly tool: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Where the SDK's own client then gives something else than ours: the name of that. */
  readonly difference?: DifferenceName;
}

/** One that works. */
export interface RightCall extends Call {
  /** What a text of the result has in it. */
  readonly text?: string;
  /** What the structured content is, or has among its members. */
  readonly structured?: unknown;
}

/**
 * One that fails, in one of the ways that there are: as the tool's result, which says so or only has a text about it, as
 * the server's error, or as the manager's.
 */
export type WrongCall = Call &
  (
    | { readonly toolError: string }
    | { readonly plainText: string }
    | { readonly code: number; readonly message: string }
    | { readonly reason: string }
  );

/** What a server has of a kind. None: it answers that it has no such method. */
type Count = number | "none";

/** A server from a public registry, which nobody here wrote, and what it does when all is well. */
export interface RealServer {
  /** The folder in test/compat/servers that its image is made of. */
  readonly name: string;
  readonly registry: "npm" | "PyPI" | "Go" | "crates.io";
  /** With the version, which the folder's lock file has, too. */
  readonly package: string;
  /** Default: `mcpm-compat/<name>:latest`. */
  readonly image?: string;
  /**
   * The spec that works, as JSON, image and pull policy aside. `$FILES` is a folder for it on this machine, `$VOLUME`
   * a volume, `$POSTGRES`, `$REDIS`, `$PAGES` the `host:port` of that service, which then runs.
   */
  readonly spec?: Readonly<Record<string, unknown>> & { readonly env?: Readonly<Record<string, string>> };
  /** What it needs beyond the default sandbox, in words, for people who read docs/servers.md. */
  readonly needs: string;
  /** Files in its folder, each under its name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly era: "legacy" | "modern";
  /** The revision of MCP. */
  readonly revision: string;
  readonly has: { readonly tools: Count; readonly resources: Count; readonly prompts: Count };
  /** At least two, in this order. The last one is answered anew after each end of the server. */
  readonly right: readonly [RightCall, RightCall, ...RightCall[]];
  readonly wrong: WrongCall;
  /** One of its resources, and what is in it after these calls. */
  readonly resource?: { readonly uri: string; readonly text: string };
  /** Whether `make test` has it, too. */
  readonly short?: boolean;
  /** What it says that differs from container to container, as a regular expression. */
  readonly peculiar?: string;
}
