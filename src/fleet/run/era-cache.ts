import { createHash } from "node:crypto";
import type { Era, ServerSpec } from "../../base/spec/spec.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";

/** An image and what makes a program of it: programs that are the same speak the same. */
type Program = Pick<InstanceRecord, "imageId"> & {
  readonly spec: Pick<ServerSpec, "command" | "args" | "env" | "mounts" | "workingDir">;
};

const maxPrograms = 1000;

/** Which era programs turned out to speak, so that it is found out once. */
export class EraCache {
  readonly #eras = new Map<string, { readonly era: Era; readonly diesOfProbe: boolean }>();

  of(program: Program): Era | undefined {
    return this.#eras.get(programKey(program))?.era;
  }

  /** Whether it was seen to exit after the question, though it had answered the handshake of the legacy era. */
  diesOfProbe(program: Program): boolean {
    return this.#eras.get(programKey(program))?.diesOfProbe === true;
  }

  learn(program: Program, era: Era, { diesOfProbe = this.diesOfProbe(program) } = {}): void {
    const key = programKey(program);
    this.#eras.delete(key);
    this.#eras.set(key, { era, diesOfProbe });
    for (const [oldest] of this.#eras) if (this.#eras.size > maxPrograms) this.#eras.delete(oldest);
  }

  /** It did not hold: the next handshake finds out anew. */
  forget(program: Program): void {
    this.#eras.delete(programKey(program));
  }
}

/** As a hash: the environment may be large, and is nobody's business here. */
function programKey({ imageId, spec: { command, args, env, mounts, workingDir } }: Program): string {
  return createHash("sha256")
    .update(JSON.stringify([imageId, command, args, env, mounts, workingDir]))
    .digest("base64");
}
