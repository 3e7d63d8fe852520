// A server on the TypeScript SDK v2: both eras, or the modern one alone with `--modern-only`. It behaves.
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { acceptedContent, completable, inputRequired, McpServer, ResourceTemplate } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";
import { kinds, text } from "./sdk-results.mjs";

/** What no JSON encoder may touch on the way: it must come back byte for byte. */
const state = 'round one: "é" \u2028 \\ / 9007199254740993';

function build() {
  const server = new McpServer(
    { name: "sdk-v2", version: "2.0.0", title: "SDK v2" },
    {
      instructions: "Speaks MCP 2026-07-28.",
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} },
    },
  );

  server.registerTool(
    "echo",
    { description: "Gives its text back.", inputSchema: z.object({ text: z.string() }) },
    (input) => text(input.text),
  );

  server.registerTool(
    "add",
    {
      title: "Add",
      description: "The sum of two numbers.",
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
      annotations: { readOnlyHint: true, idempotentHint: true },
    },
    ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }),
  );

  server.registerTool(
    "count",
    {
      description: "Counts: structured content that is no object, which is new in 2026-07-28.",
      inputSchema: z.object({ to: z.number().int() }),
      outputSchema: z.array(z.number()),
    },
    ({ to }) => ({ content: [], structuredContent: Array.from({ length: to }, (_, index) => index + 1) }),
  );

  server.registerTool(
    "slow",
    {
      description: "Takes steps, and reports each as progress to who asked for it.",
      inputSchema: z.object({ steps: z.number().int(), ms: z.number().int() }),
    },
    async ({ steps, ms }, { mcpReq }) => {
      for (let step = 1; step <= steps; step += 1) {
        await wait(ms, undefined, { signal: mcpReq.signal });
        const progressToken = mcpReq._meta?.progressToken;
        if (progressToken !== undefined) {
          const params = { progressToken, progress: step, total: steps, message: `step ${step}` };
          await mcpReq.notify({ method: "notifications/progress", params });
        }
      }
      return text(`took ${steps} steps`);
    },
  );

  server.registerTool("kinds", { description: "One of each kind of content." }, () => kinds);

  server.registerTool("fail", { description: "Fails, as tools do." }, () => {
    throw new Error("the tool went wrong");
  });

  const extra = server.registerTool("extra", { description: "Is there when `toggle` says so." }, () => text("extra"));
  extra.disable();

  const extraNote = server.registerResource("extra", "note://extra", {}, (uri) => note(uri, "extra"));
  const extraPrompt = server.registerPrompt("extra", {}, () => ({ messages: [] }));
  extraNote.disable();
  extraPrompt.disable();

  server.registerTool("toggle", { description: "Adds `extra` of each kind to its list, or takes it away." }, () => {
    for (const one of [extra, extraNote, extraPrompt]) {
      if (one.enabled) one.disable();
      else one.enable();
    }
    return text(extra.enabled ? "added" : "removed");
  });

  registerNotes(server);
  registerGreeting(server);

  const name = z.object({ name: z.string() });
  const color = z.object({ color: z.enum(["red", "green"]) });

  server.registerTool(
    "ask",
    {
      description: "Asks for a name, then for a color: two rounds, and all it knows in between is the state.",
      inputSchema: z.object({ greeting: z.string() }),
    },
    ({ greeting }, { mcpReq }) => {
      const named = acceptedContent(mcpReq.inputResponses, "name", name);
      const colored = acceptedContent(mcpReq.inputResponses, "color", color);
      const before = mcpReq.requestState();
      if (before === undefined && named === undefined) {
        const question = inputRequired.elicit({ message: "What is your name?", requestedSchema: name });
        return inputRequired({ inputRequests: { name: question }, requestState: state });
      }
      if (named !== undefined) {
        if (before !== state) return { ...text(`the state changed on its way: ${before}`), isError: true };
        const question = inputRequired.elicit({ message: "Which color?", requestedSchema: color });
        return inputRequired({ inputRequests: { color: question }, requestState: JSON.stringify(named) });
      }
      if (colored === undefined) return { ...text("nobody answered"), isError: true };
      return text(`${greeting}, ${JSON.parse(before).name} in ${colored.color}`);
    },
  );

  return server;
}

const note = (uri, text) => ({ contents: [{ uri: uri.href, mimeType: "text/plain", text }] });

/** Resources, a template of others, and what tells of their changes, in log lines, too. */
function registerNotes(server) {
  const about = { title: "A note", description: "Text.", mimeType: "text/plain", annotations: { priority: 0.5 } };
  server.registerResource("note", "note://one", about, (uri) => note(uri, "grüße"));
  server.registerResource("bytes", "note://bytes", {}, (uri) => ({ contents: [{ uri: uri.href, blob: "AAECAw==" }] }));

  const numbers = ["one", "two", "three"];
  const template = new ResourceTemplate("numbered://{number}", {
    list: undefined,
    complete: { number: (value) => numbers.filter((number) => number.startsWith(value)) },
  });
  server.registerResource("numbered", template, { mimeType: "text/plain" }, (uri, { number }) => note(uri, number));

  server.registerTool(
    "touch",
    { description: "Says that a resource changed.", inputSchema: z.object({ uri: z.string() }) },
    async ({ uri }) => {
      await server.server.sendResourceUpdated({ uri });
      return text("touched");
    },
  );

  server.registerTool("log", { description: "Logs a debug line and a warning." }, async (context) => {
    await context.mcpReq.log("debug", "a detail");
    await context.mcpReq.log("warning", "careful");
    return text("logged");
  });
}

/** A prompt whose arguments complete each other. */
function registerGreeting(server) {
  const names = { calm: ["Ada"], loud: ["Bob", "Ben"] };
  const argsSchema = z.object({
    name: completable(z.string(), (value, context) =>
      (names[context?.arguments?.mood] ?? []).filter((name) => name.startsWith(value)),
    ),
    mood: z.string().optional(),
  });
  server.registerPrompt("greet", { title: "Greet", description: "Greets.", argsSchema }, ({ name, mood = "calm" }) => ({
    description: "A greeting.",
    messages: [
      { role: "user", content: { type: "text", text: `Greet ${name}, ${mood}.` } },
      { role: "assistant", content: { type: "image", data: "AAECAw==", mimeType: "image/png" } },
    ],
  }));
}

serveStdio(build, {
  legacy: process.argv.includes("--modern-only") ? "reject" : "serve",
  onerror: (error) => process.stderr.write(`${error.message}\n`),
});
process.stderr.write("sdk-v2 is up\n");
