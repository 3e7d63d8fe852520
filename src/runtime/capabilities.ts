/**
 * Where runtimes differ. What a runtime can't do it refuses by name, or says in its response;
 * `test/runtime/contract-differences.ts` has a test of each, with and without.
 */
export interface RuntimeCapabilities {
  /** A server sees nothing of this machine. Without it, any caller of the manager runs any command as its user. */
  readonly sandbox: boolean;
  /**
   * Instances outlive the runtime; the next one on the fleet lists them, finishes what their marks say and attaches to
   * them.
   */
  readonly adoption: boolean;
  /** A fleet is seen by other managers, too, and so has one owner. */
  readonly ownership: boolean;
  /** Images are looked for and pulled, and a spec may leave the command to its image. */
  readonly images: boolean;
  /**
   * CPUs, memory and processes can be bounded, and the end by lack of memory is told. What this engine lacks
   * `unenforced` says.
   */
  readonly limits: boolean;
  /** `spec.mounts` */
  readonly mounts: boolean;
  /** `spec.secret_files` */
  readonly secretFiles: boolean;
  /** `spec.network` */
  readonly network: boolean;
  /** `spec.user` */
  readonly user: boolean;
  /** `spec.read_only_root` */
  readonly readOnlyRoot: boolean;
  /** `spec.cap_add` */
  readonly capAdd: boolean;
  /** `spec.init` */
  readonly init: boolean;
  /** Stop closes stdin before it sends a signal. */
  readonly eofFirst: boolean;
}

const kinds = {
  docker: Object.freeze({
    sandbox: true,
    adoption: true,
    ownership: true,
    images: true,
    limits: true,
    mounts: true,
    secretFiles: true,
    network: true,
    user: true,
    readOnlyRoot: true,
    capAdd: true,
    init: true,
    eofFirst: false,
  }),
  process: Object.freeze({
    sandbox: false,
    adoption: false,
    ownership: false,
    images: false,
    limits: false,
    mounts: false,
    secretFiles: false,
    network: false,
    user: false,
    readOnlyRoot: false,
    capAdd: false,
    init: false,
    eofFirst: true,
  }),
} satisfies Record<string, RuntimeCapabilities>;

export type RuntimeKind = keyof typeof kinds;

/** What each kind of runtime can do, known before one is made: settings are checked by it. */
export const runtimeCapabilities: Readonly<Record<RuntimeKind, RuntimeCapabilities>> = Object.freeze(kinds);
