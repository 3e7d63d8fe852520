import type http from "node:http";

/** An answer that refuses a request of our own, in the shape of dockerode's errors. */
export async function readRefusal(response: http.IncomingMessage): Promise<Error> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const json: unknown = text.startsWith("{") ? JSON.parse(text) : { message: text };
  return Object.assign(new Error(text), { statusCode: response.statusCode, json });
}
