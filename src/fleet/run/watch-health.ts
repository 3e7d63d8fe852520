import type { InstanceRecord } from "../../runtime/runtime.ts";
import { HealthWatch } from "../state/health-watch.ts";
import type { InstanceContext } from "./instance-context.ts";
import type { Run } from "./run.ts";

export interface WatchHealthOptions {
  readonly instance: InstanceContext;
  /** The instance as it is now. */
  readonly record: () => InstanceRecord | undefined;
}

/** Watches whether a session answers, and kills one that does not where the spec says so. */
export function watchHealth(run: Run, options: WatchHealthOptions): HealthWatch {
  const { instance, record } = options;
  const { services, server, spec } = instance;
  return new HealthWatch(spec.health, {
    now: services.clocks.now,
    engineAnswers: (signal) => services.runtime.version({ signal }),
    ping: (signal) => run.session.ping({ signal }),
    paused: () => record()?.state === "paused",
    onChange: (healthy) => {
      if (!healthy && spec.health?.killUnhealthy) killWedged(run, options);
      server.onChange();
    },
  });
}

/** Its end then comes as that of any process, and the restart policy decides. */
function killWedged(run: Run, { instance, record }: WatchHealthOptions): void {
  const { runtime, log } = instance.services;
  const { name } = instance.server;
  const message = `server ${name} did not answer its health checks and was killed`;
  run.expectEnd({ reason: "SERVER_UNHEALTHY", message });
  const id = record()?.id;
  if (id === undefined) return;
  runtime.stop(id, { graceMs: 0 }).catch((error: unknown) => {
    log.warn("could not kill a server that does not answer", { server: name, error: String(error) });
  });
}
