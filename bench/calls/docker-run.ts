import { spawn } from "node:child_process";
import { once } from "node:events";
import { echoImage } from "../load/echo-container.ts";
import { answerTo, callLine, shakeHands } from "../load/line-load.ts";

/** How many milliseconds one call takes by a `docker run` of its own, handshake included. */
export async function dockerRunMs(): Promise<number> {
  const startMs = performance.now();
  const child = spawn("docker", ["run", "--rm", "--interactive", "--network=none", echoImage], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = {
    write: (chunk: string | Buffer) => child.stdin.write(chunk),
    read: (onChunk: (chunk: Buffer) => void) => {
      child.stdout.removeAllListeners("data");
      child.stdout.on("data", onChunk);
    },
  };
  await shakeHands(lines);
  const answer = await answerTo(lines, callLine(1_000_000_000, "one call"));
  if (!answer.includes('"text":"one call"')) throw new Error(`docker run answers ${answer}`);
  const tookMs = performance.now() - startMs;
  child.stdin.end();
  await once(child, "exit");
  return tookMs;
}
