/**
 * conformance FOLDER [library]: runs the conformance runner in FOLDER against our listener, or against the RPC library
 * alone behind it, and prints a table. Ends 1 when a case
 * fails for a reason that differences.ts does not have, or when one of those does not occur any more.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { differences } from "./differences.ts";
import { differenceOf, readRunnerOutput } from "./runner-output.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const [folder, ...path] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: conformance FOLDER [library]");

const server = [process.execPath, here("conformance-server.ts"), `${folder}/protos.binpb`, ...path];
// One server after the other: where all start at once on a busy machine, one may take longer than the runner waits.
const options = ["--mode", "server", "--conf", here("config.yaml"), "--max-servers", "1"];
const runner = spawn(`${folder}/connectconformance`, [...options, "--", ...server], {
  stdio: ["ignore", "pipe", "inherit"],
});
const { total, passed, failed } = readRunnerOutput(await text(runner.stdout));

const named = Object.groupBy(failed, (one) => differenceOf(one) ?? "unexplained");
const unexplained = named.unexplained ?? [];
for (const { name, complaints } of unexplained) console.log(`FAILED ${name}\n    ${complaints.join("\n    ")}`);
console.log(`Of ${total} cases ${passed} pass as they are.`);
const gone = [];
for (const [name, { cause }] of Object.entries(differences)) {
  const count = named[name as keyof typeof named]?.length ?? 0;
  if (count === 0) gone.push(name);
  console.log(`${String(count).padStart(4)} differ by "${name}": ${cause}.`);
}
for (const name of gone) console.log(`FAILED: the difference "${name}" does not occur any more: take it off the list.`);
console.log(`${total - unexplained.length} passed, ${unexplained.length} failed`);
process.exitCode = unexplained.length + gone.length > 0 ? 1 : 0;
