/** cold-start: from Start to the first result, beside the same steps by hand on the same image. */
import { dockerRunMs } from "./calls/docker-run.ts";
import { BenchManager, echoSpec } from "./load/bench-manager.ts";
import { EchoContainer } from "./load/echo-container.ts";
import { answerTo, callLine, shakeHands } from "./load/line-load.ts";
import { median } from "./measure/median.ts";
import { openedHere } from "./measure/opened-here.ts";
import { Report } from "./measure/report.ts";
import { short } from "./measure/short.ts";

const rounds = short ? 5 : 9;
const text = "the first";
const report = new Report("cold-start");
await using opened = openedHere();
const manager = opened.use(await BenchManager.start());
const { client } = manager;

/** Start, then a call. */
async function byManager(): Promise<number> {
  const startMs = performance.now();
  await client.start({ name: "echo", spec: echoSpec });
  const input = { case: "arguments" as const, value: { text } };
  const { content } = await client.callTool({ server: "echo", tool: "echo", input });
  const tookMs = performance.now() - startMs;
  if (content[0]?.kind.case !== "text" || content[0].kind.value.text !== text) throw new Error("a wrong answer");
  await client.stop({ name: "echo", gracePeriod: { seconds: 0n, nanos: 0 } });
  return tookMs;
}

/** Create, attach, start, initialize, call, through the engine's API. */
async function byHand(): Promise<number> {
  const startMs = performance.now();
  await using container = await EchoContainer.start();
  await shakeHands(container.lines);
  const answer = await answerTo(container.lines, callLine(1_000_000_000, text));
  const tookMs = performance.now() - startMs;
  if (!answer.includes(text)) throw new Error("a wrong answer");
  return tookMs;
}

// The first of each warms up: the image's files, the client's connection.
for (const way of [byManager, byHand, dockerRunMs]) await way();
const took: { readonly ours: number; readonly hand: number; readonly run: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  took.push({ ours: await byManager(), hand: await byHand(), run: await dockerRunMs() });
}

report.title("From Start to the first result");
report.row(["", "ms", "by hand"]);
for (const [name, of] of [
  ["Start and CallTool", ({ ours }) => ours],
  ["by hand", ({ hand }) => hand],
  ["docker run", ({ run }) => run],
] satisfies [string, (one: (typeof took)[number]) => number][]) {
  const ratio = median(took.map((one) => of(one) / one.hand));
  report.row([name, median(took.map(of)).toFixed(0), `${ratio.toFixed(2)}x`]);
  report.figure(`${name}, ms`, median(took.map(of)));
}
report.figure("Start / by hand", median(took.map(({ ours, hand }) => ours / hand)));
report.save();
