import { describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import type { ServerSpec } from "../../src/base/spec/spec.ts";
import { type AdmissionRules, checkAdmission } from "../../src/fleet/admission.ts";

const strict: AdmissionRules = {
  maxCpus: 2,
  maxMemoryBytes: 1000,
  maxPids: 10,
  allowCaps: ["CHOWN"],
  allowNetworks: [],
  allowWritableRoot: false,
};

function violations(spec: Partial<ServerSpec>, policy: Partial<AdmissionRules> = {}) {
  try {
    checkAdmission({ image: "i", ...spec }, { ...strict, ...policy });
    return [];
  } catch (error) {
    if (!(error instanceof ManagerError)) throw error;
    expect(error).toMatchObject({ kind: "denied", details: { reason: "DENIED_BY_OPERATOR", delivery: "not_sent" } });
    return (error.details.violations ?? []).map(({ field, description }) => `${field}: ${description}`);
  }
}

describe("checkAdmission", () => {
  it("allows what is at or below the operator's bounds, and what asks for nothing", () => {
    expect(violations({})).toEqual([]);
    expect(
      violations({
        limits: { cpus: 2, memoryBytes: 1000, pids: 10 },
        capAdd: ["CHOWN"],
        network: "none",
        readOnlyRoot: true,
      }),
    ).toEqual([]);
  });

  it("names every field and the setting that forbids it", () => {
    expect(
      violations({
        limits: { cpus: 2.1, memoryBytes: 1001, pids: 11 },
        capAdd: ["CHOWN", "SYS_ADMIN"],
        network: "bridge",
        readOnlyRoot: false,
      }),
    ).toEqual([
      "spec.limits.cpus: is above the operator's maximum of 2 (MCPM_MAX_CPUS)",
      "spec.limits.memory_bytes: is above the operator's maximum of 1000 (MCPM_MAX_MEMORY_BYTES)",
      "spec.limits.pids: is above the operator's maximum of 10 (MCPM_MAX_PIDS)",
      "spec.cap_add[1]: SYS_ADMIN is not allowed by the operator (MCPM_ALLOW_CAPS)",
      "spec.network: bridge is not allowed by the operator (MCPM_ALLOW_NETWORKS)",
      "spec.read_only_root: a writable root is not allowed by the operator (MCPM_ALLOW_WRITABLE_ROOT)",
    ]);
  });

  it("allows what the operator allowed", () => {
    expect(violations({ network: "bridge" }, { allowNetworks: ["bridge"] })).toEqual([]);
    expect(violations({ readOnlyRoot: false }, { allowWritableRoot: true })).toEqual([]);
    expect(violations({ capAdd: ["SYS_ADMIN"] }, { allowCaps: ["SYS_ADMIN"] })).toEqual([]);
  });
});
