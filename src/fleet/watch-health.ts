import type { Log } from "../log.ts";
import type { InstanceRecord, Runtime } from "../runtime/runtime.ts";
import type { ServerSpec } from "../spec.ts";
import { HealthWatch } from "./health-watch.ts";
import type { Run } from "./run.ts";

export interface WatchHealthOptions {
  readonly runtime: Runtime;
  readonly log: Log;
  readonly name: string;
  readonly spec: ServerSpec;
  readonly now: () => number;
  /** The instance as it is now. */
  readonly record: () => InstanceRecord | undefined;
  /** Told of every change of health. */
  readonly onChange: () => void;
}

/** Watches whether a session answers, and kills one that does not where the spec says so. */
export function watchHealth(run: Run, options: WatchHealthOptions): HealthWatch {
  const { runtime, spec, now, record, onChange } = options;
  return new HealthWatch(spec.health, {
    now,
    engineAnswers: (signal) => runtime.version({ signal }),
    ping: (signal) => run.session.ping({ signal }),
    paused: () => record()?.state === "paused",
    onChange: (healthy) => {
      if (!healthy && spec.health?.killUnhealthy) killWedged(run, options);
      onChange();
    },
  });
}

/** Its end then comes as that of any process, and the restart policy decides. */
function killWedged(run: Run, { runtime, name, log, record }: WatchHealthOptions): void {
  const message = `server ${name} did not answer its health checks and was killed`;
  run.expectEnd({ reason: "SERVER_UNHEALTHY", message });
  const id = record()?.id;
  if (id === undefined) return;
  runtime.stop(id, { graceMs: 0 }).catch((error: unknown) => {
    log.warn("could not kill a server that does not answer", { server: name, error: String(error) });
  });
}
