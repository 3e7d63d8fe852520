/**
 * chaos ROUNDS: kills the manager so many times while it works, and checks what the next one makes of it; SEED in the
 * environment repeats the choices of a run. Ends 1 when something did not hold.
 */
import { randomInt } from "node:crypto";
import { Killing, type Round } from "./killing.ts";

const rounds = Number(process.argv[2] ?? "100");
const seed = process.env.SEED === undefined || process.env.SEED === "" ? randomInt(2 ** 31) : Number(process.env.SEED);
if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(seed))) {
  console.error("Error: ROUNDS must be a whole number above 0, and SEED an integer.");
  process.exit(2);
}
console.log(`Killing the manager ${rounds} times, seed ${seed}`);
const startMs = performance.now();
await using killing = await Killing.open(seed);
const done: Round[] = [];
let interrupted = false;
// The round ends, and everything is removed; a second one ends at once.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => (interrupted = true));
for (let number = 1; number <= rounds && !interrupted; number += 1) {
  const round = await killing.round();
  done.push(round);
  for (const finding of round.findings) console.log(`round ${number}: ${finding}`);
  if (number % 10 === 0) console.log(`${number} rounds, ${Math.round((performance.now() - startMs) / 1000)} s`);
}
const last = await killing.end();
for (const finding of last) console.log(`at the end: ${finding}`);
printCommands();
printLeft();
printCalls();
const findings = done.reduce((sum, round) => sum + round.findings.length, last.length);
const atBoot = done.filter(({ killedAtBoot }) => killedAtBoot).length;
console.log(`\n${done.length} managers killed at work, ${atBoot} at boot; ${findings} findings`);
process.exitCode = findings === 0 ? 0 : 1;

/** What was under way at the kills, and whether the server was there afterwards. */
function printCommands(): void {
  const rows = new Map<string, { times: number; there: number }>();
  for (const { underWay, there } of done) {
    for (const [server, command] of underWay) {
      const key = `${command} of ${server}`;
      const row = rows.get(key) ?? { times: 0, there: 0 };
      rows.set(key, { times: row.times + 1, there: row.there + (there.has(server) ? 1 : 0) });
    }
  }
  print(["under way at the kill", "times", "then there", "then gone"]);
  for (const [key, { times, there }] of [...rows].sort(([a], [b]) => a.localeCompare(b))) {
    print([key, times, there, times - there]);
  }
}

/** What the engine had of the dead managers. */
function printLeft(): void {
  const found = done.flatMap(({ left }) => left.containers);
  const count = (what: (name: string, state: string) => boolean) =>
    found.filter(({ name, state }) => what(name, state)).length;
  print(["\ncontainers that the next manager found", "times"]);
  print(["running", count((_, state) => state === "running")]);
  print(["exited", count((_, state) => state === "exited")]);
  print(["created, not started", count((_, state) => state === "created")]);
  print(["being stopped (….stopping)", count((name) => name.includes(".stopping"))]);
  print(["being restarted (….restarting)", count((name) => name.endsWith(".restarting"))]);
  print(["to replace another (….next)", count((name) => name.endsWith(".next"))]);
}

function printCalls(): void {
  print(["\ncalls ended with", "times"]);
  for (const [end, times] of [...killing.calls].sort(([, a], [, b]) => b - a)) print([end, times]);
}

function print([first = "", ...rest]: readonly (string | number)[]): void {
  console.log(String(first).padEnd(48) + rest.map((cell) => cell.toLocaleString("en").padStart(11)).join(""));
}
