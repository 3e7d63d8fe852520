// Stays, whatever it is asked, even by EOF: only SIGKILL ends it. Says each signal on stdout.
import process from "node:process";

process.on("SIGTERM", () => process.stdout.write("ignored SIGTERM\n"));
process.stdout.write("ready\n");
process.stdin.resume();
setInterval(() => {}, 60_000); // After EOF nothing else would keep it.
