/**
 * soak MINUTES: twenty servers, mixed calls by every kind of client, and random faults; at the end every call is
 * accounted for and nothing is left over. SEED in the environment repeats a run's choices. Ends 1 when something does
 * not hold.
 */
import { randomInt } from "node:crypto";
import { Soak } from "./run.ts";

const [minutesText = "5"] = process.argv.slice(2);
const minutes = Number(minutesText);
const seed = process.env.SEED === undefined || process.env.SEED === "" ? randomInt(2 ** 31) : Number(process.env.SEED);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error("Error: MINUTES must be above 0, and SEED an integer.");
  process.exit(2);
}
console.log(`Soaking for ${minutes} min, seed ${seed}`);
await using soak = await Soak.open(seed);
process.once("SIGINT", () => soak.finish());
const holds = await soak.run(minutes * 60_000);
process.exitCode = holds ? 0 : 1;
