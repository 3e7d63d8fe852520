// Takes memory until the container's limit ends it. Begins when told to on stdin.
import process from "node:process";

const taken = [];
process.stdin.once("data", () => {
  for (;;) taken.push(Buffer.alloc(8 * 1024 * 1024, 1));
});
process.stdout.write("ready\n");
