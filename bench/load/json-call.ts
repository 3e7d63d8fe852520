/** Of a CallTool as JSON, by Connect and REST. */
export const jsonHeaders = { "content-type": "application/json" };

/** A CallTool of the echo server as JSON. */
export function jsonCall({ text, ...more }: { text: string; server?: string }): string {
  return JSON.stringify({ ...more, tool: "echo", arguments: { text } });
}
