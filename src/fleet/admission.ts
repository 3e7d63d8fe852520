import { type FieldViolation, ManagerError } from "../base/errors/errors.ts";
import type { ServerSpec } from "../base/spec/spec.ts";

/** What the operator lets specs ask for. Mount sources are the runtime's to check. */
export interface AdmissionRules {
  readonly maxCpus: number;
  readonly maxMemoryBytes: number;
  readonly maxPids: number;
  readonly allowCaps: readonly string[];
  readonly allowNetworks: readonly string[];
  readonly allowWritableRoot: boolean;
}

/** Throws `denied` with one violation for each thing that the operator does not allow, and says which setting does. */
export function checkAdmission(spec: ServerSpec, rules: AdmissionRules): void {
  const violations = [...limitViolations(spec, rules), ...permissionViolations(spec, rules)];
  const first = violations[0];
  if (first === undefined) return;
  throw new ManagerError("denied", `${first.field}: ${first.description}`, {
    details: { reason: "DENIED_BY_OPERATOR", delivery: "not_sent", violations },
  });
}

function* limitViolations({ limits = {} }: ServerSpec, rules: AdmissionRules): Generator<FieldViolation> {
  const { cpus = 0, memoryBytes = 0, pids = 0 } = limits;
  const above = (field: string, setting: string, max: number): FieldViolation => ({
    field: `spec.limits.${field}`,
    description: `is above the operator's maximum of ${max} (${setting})`,
  });
  if (cpus > rules.maxCpus) yield above("cpus", "MCPM_MAX_CPUS", rules.maxCpus);
  if (memoryBytes > rules.maxMemoryBytes) yield above("memory_bytes", "MCPM_MAX_MEMORY_BYTES", rules.maxMemoryBytes);
  if (pids > rules.maxPids) yield above("pids", "MCPM_MAX_PIDS", rules.maxPids);
}

function* permissionViolations(spec: ServerSpec, rules: AdmissionRules): Generator<FieldViolation> {
  for (const [index, cap] of (spec.capAdd ?? []).entries()) {
    if (rules.allowCaps.includes(cap)) continue;
    yield { field: `spec.cap_add[${index}]`, description: `${cap} is not allowed by the operator (MCPM_ALLOW_CAPS)` };
  }
  if (spec.network === "bridge" && !rules.allowNetworks.includes("bridge")) {
    yield { field: "spec.network", description: "bridge is not allowed by the operator (MCPM_ALLOW_NETWORKS)" };
  }
  if (spec.readOnlyRoot === false && !rules.allowWritableRoot) {
    const description = "a writable root is not allowed by the operator (MCPM_ALLOW_WRITABLE_ROOT)";
    yield { field: "spec.read_only_root", description };
  }
}
