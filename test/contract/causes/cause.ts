import { Code } from "@connectrpc/connect";
import { expect } from "vitest";
import type { ErrorReason } from "../../../src/base/errors/error-reason.ts";
import type { Delivery } from "../../../src/base/errors/errors.ts";
import {
  grpcClient,
  hostileProcessSpec,
  type ManagerClient,
  randomName,
  type TestManager,
} from "../../e2e/test-manager.ts";
import { type Ask, askers, type Failure, type Json, type Protocol, protocols } from "../ask.ts";

/** A way to make the manager answer with a reason. */
export interface Cause {
  readonly reason: ErrorReason;
  /** What is done, as it stands in the table. */
  readonly how: string;
  readonly code: Code;
  readonly delivery: Delivery;
  /** What else the response has. */
  readonly also?: Partial<Failure>;
  /** Where a protocol can't ask for it, or can't read it, and why. */
  readonly only?: { readonly protocols: readonly Protocol[]; readonly because: string };
  /** The message names the path or content type, which each protocol has its own of. */
  readonly namesPath?: true;
  readonly provoke: (stage: Stage) => Promise<Failure>;
}

/** A manager, one of its protocols, and servers that are there for one cause alone. */
export class Stage {
  readonly manager: TestManager;
  readonly protocol: Protocol;
  /** Asks by gRPC what is not to be looked at. */
  readonly client: ManagerClient;
  readonly spec: (...args: string[]) => object;

  constructor(manager: TestManager, protocol: Protocol, spec: (...args: string[]) => object = hostileProcessSpec) {
    this.manager = manager;
    this.protocol = protocol;
    this.spec = spec;
    this.client = grpcClient(manager.url);
  }

  get url(): string {
    return this.manager.url;
  }

  /** Asks by the protocol. */
  get ask(): Ask {
    return askers(this.url)[this.protocol];
  }

  /** A server of its own: its name. */
  async start(args: readonly string[] = [], spec: object = {}): Promise<string> {
    const name = randomName();
    await this.client.start({ name, spec: { ...this.spec(...args), ...spec } });
    return name;
  }

  /** Begins to start one and waits until it is known. */
  async starting(args: readonly string[], spec: object = {}): Promise<{ name: string; started: Promise<unknown> }> {
    const name = randomName();
    const started = this.client.start({ name, spec: { ...this.spec(...args), ...spec } }).catch(() => {});
    await this.isListed(name);
    return { name, started };
  }

  isListed(name: string): Promise<void> {
    return until(async () => {
      const { servers } = await this.client.list({ pageSize: 1000 });
      return servers.some((server) => server.name === name);
    });
  }

  call(server: string, tool: string, args: Json = {}): Promise<Failure> {
    return this.ask("CallTool", { server, tool, arguments: args });
  }

  /** What a call of a server of its own gets that is under way while something is done to that. */
  async callDuring(deed: (name: string) => Promise<unknown>): Promise<Failure> {
    const name = await this.start();
    const failure = this.call(name, "never");
    await this.reaches(name, 1);
    await deed(name);
    return failure;
  }

  /** Calls that are under way, by gRPC and with a deadline that no test reaches. */
  async underWay(
    server: string,
    options: { tool?: string; value?: Json; count?: number } = {},
  ): Promise<AbortController> {
    const { tool = "never", value = {}, count = 1 } = options;
    const left = new AbortController();
    const call = { server, tool, input: { case: "argumentsJson", value: JSON.stringify(value) } } as const;
    const before = await this.inFlight(server);
    for (let index = 0; index < count; index += 1) {
      this.client.callTool(call, { signal: left.signal, timeoutMs: 600_000 }).catch(() => {});
    }
    await this.reaches(server, before + count);
    return left;
  }

  async inFlight(server: string): Promise<number> {
    return Number((await this.client.get({ name: server })).server?.callsInFlight);
  }

  reaches(server: string, count: number): Promise<void> {
    return until(async () => (await this.inFlight(server)) === count);
  }
}

/** Asks again and again: what is waited for comes by itself. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

const rows: string[] = [];

/** Provokes a cause through all protocols side by side: the same response in each. */
export async function expectSideBySide(cause: Cause, stageOf: (protocol: Protocol) => Stage): Promise<void> {
  const asked = cause.only?.protocols ?? protocols;
  const failures: Partial<Record<Protocol, Failure>> = {};
  for (const protocol of asked) failures[protocol] = await cause.provoke(stageOf(protocol));
  const [first] = asked;
  for (const [protocol, failure] of Object.entries(failures)) {
    const { code, reason, delivery, also = {} } = cause;
    const metadata = { delivery, ...also.metadata };
    expect({ protocol, ...failure }).toMatchObject({ protocol, code, reason, ...also, metadata });
    const reference = failures[first ?? "gRPC"] ?? failure;
    const namesPath = cause.namesPath ?? false;
    expect({ protocol, ...comparable(failure, namesPath) }).toEqual({ protocol, ...comparable(reference, namesPath) });
  }
  rows.push(row(cause, failures));
}

/** Without what differs from one server to the next, and HTTP's status. */
function comparable({ status: _status, message, ...failure }: Failure, namesPath: boolean): object {
  const text = JSON.stringify(namesPath ? failure : { message, ...failure })
    .replaceAll(/s-[0-9a-f]{8}/g, "SERVER")
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replaceAll(/[0-9a-f]{64}/g, "CONTAINER")
    // The request's id, which has more or fewer digits, is part of the line.
    .replaceAll(/reply has [0-9]+ bytes/g, "reply has BYTES bytes");
  return JSON.parse(text);
}

function row({ reason, how, code, delivery, only }: Cause, failures: Partial<Record<Protocol, Failure>>): string {
  const cells = protocols.map((protocol) => {
    const failure = failures[protocol];
    if (failure === undefined) return "–";
    return failure.status === undefined ? "same" : `same, HTTP ${failure.status}`;
  });
  const why = only === undefined ? "" : ` (${only.because})`;
  return `| \`${reason}\` | ${how}${why} | ${Code[code]} | ${delivery} | ${cells.join(" | ")} |`;
}

/** MCPM_TEST_ERROR_TABLE=1 prints what was asked and answered. */
export function printTable(): void {
  if (process.env.MCPM_TEST_ERROR_TABLE === undefined) return;
  const head = `| reason | provoked by | code | delivery | ${protocols.join(" | ")} |`;
  console.log([head, head.replaceAll(/[^|]+/g, " --- "), ...rows].join("\n"));
}
