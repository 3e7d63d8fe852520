import { describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { checkDeclared, type DeclaredSecret, usedSecrets } from "../../../src/fleet/secrets/secrets.ts";

const spec = (secrets: Record<string, string>, secretFiles: Record<string, string> = {}): ServerSpec => ({
  image: "i",
  secrets,
  secretFiles,
});
const declared: readonly DeclaredSecret[] = [
  { name: "github", source: "file" },
  { name: "a", source: "command" },
];

describe("usedSecrets", () => {
  it("has what is declared and what servers name, each with its users, in the order of names", () => {
    const servers = [
      { name: "y", spec: spec({ T: "github", U: "github" }) },
      { name: "x", spec: spec({ T: "github" }, { "/s/a": "gone" }) },
      { name: "z", spec: { image: "i" } },
    ];
    expect(usedSecrets(declared, servers)).toEqual([
      { name: "a", source: "command", servers: [] },
      { name: "github", source: "file", servers: ["x", "y"] },
      { name: "gone", source: undefined, servers: ["x"] },
    ]);
  });
});

describe("checkDeclared", () => {
  it("names each field whose secret is not declared", () => {
    const check =
      (secrets: Record<string, string>, files = {}) =>
      () =>
        checkDeclared(spec(secrets, files), { declared: () => declared });
    expect(check({ T: "github" }, { "/s/a": "a" })).not.toThrow();
    expect(check({ T: "github", U: "b" }, { "/s/a": "c" })).toThrow(
      expect.objectContaining({
        kind: "invalid",
        details: expect.objectContaining({
          violations: [
            expect.objectContaining({ field: 'spec.secrets["U"]' }),
            expect.objectContaining({ field: 'spec.secret_files["/s/a"]' }),
          ],
        }),
      }),
    );
  });
});
