import { failureOfStatus, type StatusJson } from "./call-failure.ts";
import type { CallOptions, SoakClient } from "./clients.ts";
import { type PlainEvent, type PlainResult, plainEvents, plainResult } from "./plain-result.ts";
import { resultOfStream } from "./streamed-result.ts";

class RestError extends Error {
  readonly status: StatusJson;

  constructor(status: StatusJson) {
    super(status.message);
    this.status = status;
  }
}

export function restClient(port: number): SoakClient {
  const ask = async (path: string, { signal, timeoutMs }: CallOptions, body?: object) => {
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    if (timeoutMs !== undefined) headers["connect-timeout-ms"] = String(timeoutMs);
    const init =
      body === undefined ? { headers, signal } : { method: "POST", body: JSON.stringify(body), headers, signal };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    if (!response.ok) throw new RestError((await response.json()) as StatusJson);
    return response;
  };
  return {
    kind: "REST",
    callTool: async ({ server, ...body }, options) =>
      plainResult((await (await ask(`/servers/${server}/call`, options, body)).json()) as PlainResult),
    callToolStream: async ({ server, ...body }, options) =>
      resultOfStream(plainEvents(linesOf(await ask(`/servers/${server}/call/stream`, options, body)))),
    listTools: async (server, options) =>
      ((await (await ask(`/servers/${server}/tools`, options)).json()) as { tools: unknown[] }).tools.length,
    failureOf: (error) =>
      error instanceof RestError
        ? failureOfStatus(error.status)
        : { code: error instanceof Error ? error.name : "unknown", message: messageOf(error) },
    [Symbol.dispose]() {},
  };
}

/** One event a line; an error is the last one. */
async function* linesOf({ body }: Response): AsyncGenerator<PlainEvent> {
  let rest = "";
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line) as PlainEvent & { error?: StatusJson };
      if (event.error !== undefined) throw new RestError(event.error);
      yield event;
    }
  }
}

/** `fetch failed` says nothing; its cause does. */
function messageOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return `${error}${cause === undefined ? "" : `: ${cause}`}`;
}
