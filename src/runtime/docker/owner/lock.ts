import { type Labels, label, lockPrefix } from "../engine/labels.ts";

/**
 * The lock of a fleet: an empty volume, for the engine is all that two managers both see. Its name counts
 * generations, and creating a name that exists changes nothing: of several who create one, the engine picks the owner.
 */
export interface Lock {
  readonly generation: number;
  /** Random: two holders never have the same. */
  readonly nonce: string;
  /** Nonces of those whom its maker had asked in vain, and whose place it takes. */
  readonly after: readonly string[];
  readonly holder: Holder;
}

/** Which manager holds a lock: for people, and `processKey` for a manager on the same machine. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
  /** As `this-process.ts` makes it; undefined where a process can't be told apart. */
  readonly processKey?: string | undefined;
}

const nonceLabel = "mcpm.owner";
const askLabel = "mcpm.owner.ask";
const afterLabel = "mcpm.owner.after";
const hostLabel = "mcpm.owner.host";
const pidLabel = "mcpm.owner.pid";
const sinceLabel = "mcpm.owner.since";
const processKeyLabel = "mcpm.owner.mark";

export function fleetPrefix(fleet: string): string {
  return `${lockPrefix}${fleet}.`;
}

export function lockName(fleet: string, { generation }: Pick<Lock, "generation">): string {
  return `${fleetPrefix(fleet)}${generation}`;
}

/** One question at a time for all who ask, so that the owner has one to answer. */
export function askName(fleet: string): string {
  return `${fleetPrefix(fleet)}ask`;
}

/** Without `managed-by`: a lock is no volume that a server may mount. */
export function lockLabels(fleet: string, { nonce, after, holder }: Lock): Record<string, string> {
  return {
    [label.fleet]: fleet,
    [nonceLabel]: nonce,
    [afterLabel]: after.join(","),
    [hostLabel]: holder.host,
    [pidLabel]: String(holder.pid),
    [sinceLabel]: holder.since,
    ...(holder.processKey === undefined ? {} : { [processKeyLabel]: holder.processKey }),
  };
}

export function askLabels(fleet: string, nonce: string): Record<string, string> {
  return { [label.fleet]: fleet, [askLabel]: nonce };
}

/** The lock that a volume is, or undefined. */
export function readLock(fleet: string, volume: { readonly name: string; readonly labels: Labels }): Lock | undefined {
  const { name, labels } = volume;
  const nonce = labels[nonceLabel];
  const generation = Number(name.slice(fleetPrefix(fleet).length));
  const isNumbered = Number.isSafeInteger(generation) && name === lockName(fleet, { generation });
  if (nonce === undefined || !isNumbered) return undefined;
  const after = labels[afterLabel] ?? "";
  return {
    generation,
    nonce,
    after: after === "" ? [] : after.split(","),
    holder: {
      host: labels[hostLabel] ?? "",
      pid: Number(labels[pidLabel]),
      since: labels[sinceLabel] ?? "",
      processKey: labels[processKeyLabel],
    },
  };
}

/** The asker's nonce, if the volume is a question. */
export function readAsk(fleet: string, volume: { readonly name: string; readonly labels: Labels }): string | undefined {
  return volume.name === askName(fleet) ? volume.labels[askLabel] : undefined;
}

export function sayHolder({ host, pid, since }: Holder): string {
  return `the manager on host ${host} (pid ${pid}, since ${since})`;
}
