import type { MessageInitShape } from "@bufbuild/protobuf";
import { MountType, PullPolicy, RestartPolicy, type ServerSpecSchema } from "../../gen/mcpmanager/v1/server_pb.ts";
import { testImage } from "../runtime/docker/test-fleet.ts";

type Spec = Exclude<MessageInitShape<typeof ServerSpecSchema>, { $typeName: string }>;

/** A kind of server that is there when the manager is killed. */
export interface Kind {
  readonly name: string;
  /** The salt makes it a program of its own: what the manager found out about another does not count. */
  readonly spec: (salt: string) => Spec;
  readonly replicas: number;
  /** The tool that gives a text back; undefined: it has none. */
  readonly echo: "echo" | undefined;
  /** Its process can be made to exit; it is then started again. */
  readonly crashes: boolean;
  /** It can't run: each Start fails, after a pull. */
  readonly broken: boolean;
}

const ms = (milliseconds: number) => ({ seconds: 0n, nanos: milliseconds * 1_000_000 });
const revived = { policy: RestartPolicy.ON_FAILURE, initialBackoff: ms(20), maxBackoff: ms(100) };
const never = { policy: RestartPolicy.NEVER };

function server(name: string, args: readonly string[], more: Spec & { readonly kind?: Partial<Kind> } = {}): Kind {
  const { kind, ...fields } = more;
  const spec = (salt: string) => ({
    image: testImage,
    pullPolicy: PullPolicy.NEVER,
    restart: never,
    ...fields,
    args: [...args, `--salt-${salt}`],
  });
  return { name, spec, replicas: fields.replicas ?? 1, echo: "echo", crashes: false, broken: false, ...kind };
}

export interface KindOptions {
  readonly images: {
    /** One that has to be pulled, and has nothing to run. */
    readonly pulled: string;
    /** One that makes an anonymous volume. */
    readonly volume: string;
    /** One whose labels are those of a manager, and say what is not so. */
    readonly lying: string;
  };
  /** The named one. */
  readonly volume: string;
}

/** One server of each is started, stopped, restarted and called. */
export function kindsOf({ images, volume }: KindOptions): readonly Kind[] {
  const crashes = { crashes: true };
  return [
    server("plain", ["hostile.mjs"]),
    server("slow", ["hostile.mjs", "--handshake-ms", "300"]),
    server("revived", ["hostile.mjs"], { restart: revived, kind: crashes }),
    server("replaced", ["hostile.mjs", "--exit-on-probe"], { restart: revived, kind: crashes }),
    server("lying", ["hostile.mjs", "--exit-on-probe"], { image: images.lying, restart: revived, kind: crashes }),
    server("modern", ["modern.mjs"]),
    server("copies", ["hostile.mjs"], { replicas: 3 }),
    server("idle", ["hostile.mjs"], { idleTimeout: ms(200) }),
    server("keeping", ["hostile.mjs"], {
      image: images.volume,
      mounts: [{ type: MountType.VOLUME, source: volume, target: "/data", writable: true }],
    }),
    server("pulled", [], {
      image: images.pulled,
      pullPolicy: PullPolicy.ALWAYS,
      kind: { echo: undefined, broken: true },
    }),
  ];
}
