import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(
  new URL("../../../node_modules/yaml-language-server/bin/yaml-language-server", import.meta.url),
);

export interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** The yaml-language-server that editors run, spoken to as they do: LSP over its stdio. */
export class LanguageServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #replies = new Map<number, (message: Message) => void>();
  readonly #diagnostics = new Map<string, (found: Diagnostic[]) => void>();
  #lastId = 0;
  #received = Buffer.alloc(0);

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      for (let message = this.#next(); message !== undefined; message = this.#next()) this.#take(message);
    });
    child.stderr.resume();
  }

  static async start(): Promise<LanguageServer> {
    const server = new LanguageServer(spawn(process.execPath, [program, "--stdio"]));
    await server.#request("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: { textDocument: { completion: { completionItem: { snippetSupport: false } } } },
    });
    server.#notify("initialized", {});
    const yaml = { validate: true, completion: true, hover: true, schemaStore: { enable: false } };
    server.#notify("workspace/didChangeConfiguration", { settings: { yaml } });
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** What is wrong with a new document. */
  async diagnostics(uri: string, text: string): Promise<Diagnostic[]> {
    const found = new Promise<Diagnostic[]>((resolve) => this.#diagnostics.set(uri, resolve));
    this.#notify("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
    return found;
  }

  /** What is offered at a place of an open document, counted from 0. */
  async completions(uri: string, position: { readonly line: number; readonly character: number }): Promise<string[]> {
    const result = await this.#request("textDocument/completion", { textDocument: { uri }, position });
    const { items } = result as { items: { label: string }[] };
    return items.map(({ label }) => label);
  }

  async hover(uri: string, position: { readonly line: number; readonly character: number }): Promise<string> {
    const result = await this.#request("textDocument/hover", { textDocument: { uri }, position });
    return (result as { contents: { value: string } }).contents.value;
  }

  async #request(method: string, params: unknown): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const reply = new Promise<Message>((resolve) => this.#replies.set(id, resolve));
    this.#send({ id, method, params });
    const { result, error } = await reply;
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  #notify(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  #send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #next(): Message | undefined {
    const end = this.#received.indexOf("\r\n\r\n");
    const length = Number(/Content-Length: (\d+)/i.exec(this.#received.subarray(0, Math.max(end, 0)).toString())?.[1]);
    if (end === -1 || this.#received.length < end + 4 + length) return undefined;
    const body = this.#received.subarray(end + 4, end + 4 + length).toString();
    this.#received = this.#received.subarray(end + 4 + length);
    return JSON.parse(body);
  }

  #take({ id, method, params, ...rest }: Message): void {
    if (method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics } = params as { uri: string; diagnostics: Diagnostic[] };
      this.#diagnostics.get(uri)?.(diagnostics);
    } else if (method !== undefined && id !== undefined) {
      // It asks the editor for its settings; null is "as before".
      const items = (params as { items?: unknown[] } | undefined)?.items;
      this.#send({ id, result: items === undefined ? null : items.map(() => null) });
    } else if (id !== undefined) {
      this.#replies.get(id)?.(rest);
    }
  }
}
