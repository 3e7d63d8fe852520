import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url));
const run = promisify(execFile);

it("The command says which Node it needs, instead of where an older one stops to read it", async () => {
  const older = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "22.9.0" } })';
  await expect(run(process.execPath, ["--import", older, bin, "--version"])).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: "mcp-docker-manager: this is Node 22.9.0; Node 24 or newer is needed\n",
  });
});
