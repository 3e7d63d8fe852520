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
export function checkAdmission(spec: ServerSpec, policy: AdmissionRules): void {
  const violations = [...limitViolations(spec, policy), ...permissionViolations(spec, policy)];
  const first = violations[0];
  if (first === undefined) return;
  throw new ManagerError("denied", `${first.field}: ${first.description}`, {
    details: { reason: "DENIED_BY_OPERATOR", delivery: "not_sent", violations },
  });
}

function* limitViolations({ limits = {} }: ServerSpec, policy: AdmissionRules): Generator<FieldViolation> {
  const { cpus = 0, memoryBytes = 0, pids = 0 } = limits;
  const above = (field: string, setting: string, max: number): FieldViolation => ({
    field: `spec.limits.${field}`,
    description: `is above the operator's maximum of ${max} (${setting})`,
  });
  if (cpus > policy.maxCpus) yield above("cpus", "MCPM_MAX_CPUS", policy.maxCpus);
  if (memoryBytes > policy.maxMemoryBytes) yield above("memory_bytes", "MCPM_MAX_MEMORY_BYTES", policy.maxMemoryBytes);
  if (pids > policy.maxPids) yield above("pids", "MCPM_MAX_PIDS", policy.maxPids);
}

function* permissionViolations(spec: ServerSpec, policy: AdmissionRules): Generator<FieldViolation> {
  for (const [index, cap] of (spec.capAdd ?? []).entries()) {
    if (policy.allowCaps.includes(cap)) continue;
    yield { field: `spec.cap_add[${index}]`, description: `${cap} is not allowed by the operator (MCPM_ALLOW_CAPS)` };
  }
  if (spec.network === "bridge" && !policy.allowNetworks.includes("bridge")) {
    yield { field: "spec.network", description: "bridge is not allowed by the operator (MCPM_ALLOW_NETWORKS)" };
  }
  if (spec.readOnlyRoot === false && !policy.allowWritableRoot) {
    const description = "a writable root is not allowed by the operator (MCPM_ALLOW_WRITABLE_ROOT)";
    yield { field: "spec.read_only_root", description };
  }
}
