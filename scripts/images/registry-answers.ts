/**
 * registry-answers IMAGE: ends 0 when the engine can see IMAGE in its registry.
 * The engine is asked, not this machine: their networks may differ. A network
 * that drops everything answers nothing, hence the limit.
 */
import Docker from "dockerode";

const limitMs = 5_000;

const image = process.argv[2];
if (image === undefined) throw new Error("usage: registry-answers IMAGE");

setTimeout(() => process.exit(1), limitMs);
try {
  await new Docker().getImage(image).distribution();
  process.exit(0);
} catch {
  process.exit(1);
}
