// Says a word on each stream and exits at once, with the code that its first argument names.
import process from "node:process";

process.stdout.write("out\n");
process.stderr.write("err\n");
process.exitCode = Number(process.argv[2] ?? 0);
