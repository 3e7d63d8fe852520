import { describe, expect, it } from "vitest";
import { secretFolders, secretUses } from "../../../src/base/spec/secret-places.ts";
import { serverSpecSchema } from "../../../src/base/spec/spec-schema.ts";

const folders = (...paths: string[]) => {
  const secretFiles = Object.fromEntries(paths.map((path) => [path, "s"]));
  return [...secretFolders({ secretFiles })].map(([folder, files]) => [folder, ...files.keys()]);
};

describe("secretFolders", () => {
  it("gives files of one folder one mount, and those of another one theirs", () => {
    expect(folders("/run/secrets/a", "/keys/c", "/run/secrets/b")).toEqual([
      ["/run/secrets", "a", "b"],
      ["/keys", "c"],
    ]);
  });

  it("makes a folder that lies in another one a part of it, in whatever order they come", () => {
    expect(folders("/s/deep/er/a", "/s/b", "/s/deep/c")).toEqual([["/s", "deep/er/a", "b", "deep/c"]]);
    expect(folders("/s/a", "/ss/b")).toEqual([
      ["/s", "a"],
      ["/ss", "b"],
    ]);
  });
});

describe("secretUses", () => {
  it("names each secret by the path of the field that asks for it", () => {
    expect(secretUses({ secrets: { TOKEN: "github" }, secretFiles: { "/s/a": "key" } })).toEqual([
      { secret: "github", field: 'spec.secrets["TOKEN"]' },
      { secret: "key", field: 'spec.secret_files["/s/a"]' },
    ]);
  });
});

describe("secret_files of serverSpecSchema", () => {
  it("puts paths in their normal form", () => {
    const { secretFiles } = serverSpecSchema.parse({ image: "i", secretFiles: { "//run/./secrets/a/": "s" } });
    expect(secretFiles).toEqual({ "/run/secrets/a": "s" });
  });

  it("refuses paths and names that are too long", () => {
    const isTaken = (path: string) => serverSpecSchema.safeParse({ image: "i", secretFiles: { [path]: "s" } }).success;
    expect(["/s/".padEnd(258, "x"), "/s/".padEnd(259, "x"), `/s${"/x".repeat(2048)}`].map(isTaken)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("leaves a mount beside them alone", () => {
    const mounts = [{ type: "tmpfs", target: "/run" } as const, { type: "tmpfs", target: "/run/secrets2" } as const];
    expect(serverSpecSchema.safeParse({ image: "i", secretFiles: { "/run/secrets/a": "s" }, mounts }).success).toBe(
      true,
    );
  });
});
