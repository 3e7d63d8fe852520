import type { ServerSpec } from "../../src/base/spec/spec.ts";
import type { Attachment, InstanceRecord, Runtime } from "../../src/runtime/runtime.ts";
import { Recorder } from "./recorder.ts";

/** An instance that runs, and what it says. */
export interface Started {
  readonly record: InstanceRecord;
  readonly sink: Recorder;
  readonly attachment: Attachment;
}

/** A runtime in a fleet of its own, which leaves nothing behind when disposed. */
export abstract class TestInstances implements AsyncDisposable {
  abstract readonly runtime: Runtime;
  #servers = 0;

  /** A spec that runs one of test/servers, or a Node program given as text. */
  abstract spec(program: string, more?: Partial<ServerSpec>): ServerSpec;

  /** Another runtime on the same fleet, as the next manager has it. The caller disposes it. */
  abstract successor(options?: { readonly requireLimits?: boolean }): Runtime;

  /** Signals an instance from outside; `pid` is what the program itself says. */
  abstract signal(instance: { readonly id: string; readonly pid: number }, signal: NodeJS.Signals): Promise<void>;

  abstract [Symbol.asyncDispose](): Promise<void>;

  async create(spec: ServerSpec, server = `s${++this.#servers}`): Promise<InstanceRecord> {
    await this.runtime.prepare(spec, {});
    return this.runtime.create({ server, instance: "1", replica: 0, spec }, {});
  }

  /** Creates and starts, as a fleet does. */
  async start(spec: ServerSpec, server?: string): Promise<Started> {
    const record = await this.create(spec, server);
    const sink = new Recorder();
    const attachment = await this.runtime.run(record.id, sink, {});
    return { record, sink, attachment };
  }
}
