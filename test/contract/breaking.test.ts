import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = "proto/mcpmanager/v1/manager.proto";

/** What `buf breaking` says of our protos with one text replaced; empty: it takes them. */
async function breaking(from: RegExp, to: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "mcpm-breaking-"));
  try {
    await cp(path.join(root, "proto"), path.join(folder, "proto"), { recursive: true });
    await cp(path.join(root, "buf.yaml"), path.join(folder, "buf.yaml"));
    const text = await readFile(path.join(folder, file), "utf8");
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${file} has no ${from}`);
    await writeFile(path.join(folder, file), changed);
    const args = ["breaking", "--against", path.join(root, "proto/released.binpb")];
    return await new Promise((resolve) =>
      execFile(path.join(root, "node_modules/.bin/buf"), args, { cwd: folder }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      ),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("buf breaking against proto/released.binpb", () => {
  it.each([
    ["a field that is gone", / {2}bool follow = 2;/, "", 'field "2" with name "follow"'],
    ["a field with another number", /bool follow = 2;/, "bool follow = 90;", 'field "2"'],
    ["a field with another name", /bool follow = 2;/, "bool following = 2;", "follow"],
    ["a field of another type", /int32 page_size = 1;/, "int64 page_size = 1;", "int64"],
    ["an RPC that is gone", /rpc Get\(GetRequest\) returns \(GetResponse\) \{[^}]*\}/, "", 'RPC "Get"'],
    ["an enum value that is gone", / {2}LOG_SOURCE_MCP = 3;/, "", 'enum value "3"'],
  ])("refuses %s", async (_what, from, to, word) => {
    expect(await breaking(from, to)).toContain(word);
  });

  it("takes a further field", async () => {
    expect(await breaking(/ {2}bool follow = 2;/, "  bool follow = 2;\n  bool more = 1000;")).toBe("");
  });
});
