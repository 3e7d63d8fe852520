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
  /**
   * An instance goes on when its attachment ends. Without it, it exits or is deaf from then on, and is started again
   * instead of being attached to.
   */
  readonly detaching: boolean;
  /**
   * It is told when the kernel ends a process of an instance for lack of memory and the instance goes on. The end of
   * the instance itself is told with its cause all the same.
   */
  readonly oomEvents: boolean;
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
    detaching: true,
    oomEvents: true,
    ownership: true,
    images: true,
    limits: true,
    mounts: true,
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
    detaching: true,
    oomEvents: false,
    ownership: false,
    images: false,
    limits: false,
    mounts: false,
    network: false,
    user: false,
    readOnlyRoot: false,
    capAdd: false,
    init: false,
    eofFirst: true,
  }),
} satisfies Record<string, RuntimeCapabilities>;

export type RuntimeKind = keyof typeof kinds;

/** What each kind of runtime can do at best, known before one is made: settings are checked by it. */
export const runtimeCapabilities: Readonly<Record<RuntimeKind, RuntimeCapabilities>> = Object.freeze(kinds);

/**
 * What `docker` can do when its engine is Podman, which closes a container's stdin when an attachment ends, and has no
 * events of memory that ran out.
 */
export const podmanCapabilities: RuntimeCapabilities = Object.freeze({
  ...kinds.docker,
  detaching: false,
  oomEvents: false,
});
