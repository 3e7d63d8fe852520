import { absolutePath, decimal, flag, integer, list, mib, oneOf, text, userAndGroup } from "./parsers.ts";
import { setting } from "./setting.ts";

const defaultBindUsers: readonly string[] = ["1000:1000"];

/** What the operator lets a spec ask for. */
export const admissionSettings = {
  bindRoots: setting("MCPM_BIND_ROOTS", {
    help: "folders below which bind mounts are allowed, comma-separated",
    fallback: [],
    parse: list(absolutePath),
  }),
  bindUsers: setting("MCPM_BIND_USERS", {
    help: "users that a server with a writable bind mount may run as, as uid:gid, comma-separated; unset: 1000:1000, and the manager's own unless that is root",
    fallback: defaultBindUsers,
    // A folder of the manager's own user is one that its servers may be let write to; one of root's is not.
    fallbackFor: (user) =>
      user === undefined || user.startsWith("0:") ? defaultBindUsers : [...new Set([...defaultBindUsers, user])],
    parse: list(userAndGroup),
  }),
  allowCaps: setting("MCPM_ALLOW_CAPS", {
    help: "capabilities that a spec may add, comma-separated",
    fallback: [],
    parse: list(text(/^(?!CAP_)[A-Z][A-Z_]*$/, "must hold capabilities without CAP_, e.g. NET_BIND_SERVICE")),
  }),
  allowNetworks: setting("MCPM_ALLOW_NETWORKS", {
    help: "networks besides none that a spec may ask for: bridge",
    fallback: [],
    parse: list(oneOf(["bridge"])),
  }),
  allowLabels: setting("MCPM_ALLOW_LABELS", {
    help: "labels that a spec may give its container as they are, comma-separated; a name may end in * (team,com.example.*)",
    fallback: [],
    parse: list(text(/^[A-Za-z0-9_./-]{1,255}\*?$/, "must hold names of labels; one may end in *")),
  }),
  allowWritableRoot: setting("MCPM_ALLOW_WRITABLE_ROOT", {
    help: "1: a spec may ask for a writable root",
    fallback: false,
    parse: flag,
  }),
  maxCpus: setting("MCPM_MAX_CPUS", { help: "most CPUs of a server", fallback: 4, parse: decimal(0.01, 1024) }),
  maxMemoryBytes: setting("MCPM_MAX_MEMORY_BYTES", {
    help: "most memory of a server",
    fallback: 4096 * mib,
    parse: integer(6 * mib, Number.MAX_SAFE_INTEGER),
  }),
  maxPids: setting("MCPM_MAX_PIDS", {
    help: "most processes of a server",
    fallback: 4096,
    parse: integer(1, 4_194_304),
  }),
  requireLimits: setting("MCPM_REQUIRE_LIMITS", {
    help: "1: start servers only where the engine enforces their memory, swap, CPUs and processes",
    fallback: false,
    parse: flag,
  }),
  registries: setting("MCPM_REGISTRIES", {
    help: "registries, as host or host:port, comma-separated, that images are pulled from besides those with a public DNS name and no port",
    fallback: [],
    parse: list((host) =>
      text(
        /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?(:[0-9]{1,5})?$/,
        "must hold registries as images name them, host or host:port",
      )(host).toLowerCase(),
    ),
  }),
};
