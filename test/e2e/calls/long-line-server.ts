import { hostileSpec } from "../test-manager.ts";

/**
 * A spec of a server whose tool `long` answers with a line of so many MiB, written piece by piece, with its id in the
 * `first` place or the `last`, or in none. `echo` says "alive".
 */
export function longLineSpec() {
  return { ...hostileSpec(), args: ["--input-type=module", "-e", program] };
}

const program = `
  import { createInterface } from "node:readline";
  const write = (text) => new Promise((resolve) => process.stdout.write(text, resolve));
  const piece = "x".repeat(1024 * 1024);
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (method === "initialize") {
      const result = { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: "l", version: "1" } };
      await write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n");
    } else if (method === "tools/call" && params.name === "long") {
      const { mib, place } = params.arguments;
      await write(place === "first" ? \`{"jsonrpc":"2.0","id":\${id},"result":{"x":"\` : '{"jsonrpc":"2.0","result":{"x":"');
      for (let count = 0; count < mib; count += 1) await write(piece);
      await write(place === "last" ? \`"},"id":\${id}}\\n\` : '"}}\\n');
    } else if (method === "tools/call" && params.name === "echo") {
      await write(JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "alive" }] } }) + "\\n");
    }
  }`;
