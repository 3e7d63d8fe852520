/**
 * bundle FOLDER: makes the manager as few files of JavaScript that need no packages: main.mjs, its parts that are loaded
 * apart, and the licenses of the packages in them. Node loads four hundred modules one by one otherwise, which costs time
 * and memory.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";

/** What dockerode would load for engines behind ssh and for builds with BuildKit, neither of which the manager asks for: 11 MB. */
const neverUsed = ["ssh2", "@grpc/grpc-js", "@grpc/proto-loader", "protobufjs"];

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: bundle FOLDER");

const { output } = await build({
  input: {
    main: "src/main.ts",
    // For scripts/manager/check-settings, which asks the image.
    config: "src/config/config.ts",
    // Beside main: check-thread.ts looks for it there.
    "check-worker": "src/fleet/tools/argument-check/check-worker.ts",
  },
  platform: "node",
  plugins: [
    {
      name: "never-used",
      resolveId: (source) => (neverUsed.includes(source) ? `\0${source}` : null),
      load: (id) => (id.startsWith("\0") && neverUsed.includes(id.slice(1)) ? "module.exports = {};" : null),
    },
  ],
  logLevel: "warn",
  output: { dir: folder, entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" },
});
const modules = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
const packages = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []));
writeFileSync(join(folder, "licenses.txt"), [...packages].sort().map(licenseOf).join("\n"));

/** A package's own words, or what its manifest says. */
function licenseOf(packageFolder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const files = readdirSync(packageFolder).filter((file) => /^(?:licen[cs]e|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(packageFolder, file), "utf8"));
  return [`${name} ${version}: ${license}`, ...texts].join("\n\n");
}
