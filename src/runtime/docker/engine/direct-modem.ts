import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { addAbortSignal } from "node:stream";
import { buffer } from "node:stream/consumers";
import type Docker from "dockerode";

type Callback = (error: Error | null, payload: unknown) => void;

/** What of docker-modem is used here; it has no types. */
interface Modem {
  readonly protocol: "http" | "https";
  buildRequest: (options: http.RequestOptions, context: Context, data: string | undefined, callback: Callback) => void;
  buildPayload: (
    error: Error | null,
    isStream: boolean | undefined,
    statusCodes: Context["statusCodes"],
    openStdin: false,
    request: ClientRequest,
    response: IncomingMessage,
    json: unknown,
    callback: Callback,
  ) => void;
}

interface Context {
  readonly isStream?: boolean;
  readonly statusCodes: Readonly<Record<string, true | string>>;
}

/**
 * Sends dockerode's requests to the engine and nowhere else. docker-modem would follow a redirect, and the engine sends
 * one for a path that contains `..`: the request would go to whatever address the redirect names, and its failure,
 * which has no listener, would end the process. docker-modem also never settles a call whose response breaks off, and
 * prints each request, secrets included, for its debug log.
 */
export function sendDirectly(docker: Docker): void {
  const modem = docker.modem as unknown as Modem;
  modem.buildRequest = (options, context, data, callback) => {
    const request = (modem.protocol === "https" ? https : http).request(options);
    const respond = (response: IncomingMessage, json: unknown) =>
      modem.buildPayload(null, context.isStream, context.statusCodes, false, request, response, json, callback);
    request.on("error", (error) => callback(error, null));
    request.on("response", (response) => {
      if (context.isStream) respond(response, null);
      else
        readEngineBody(response, options.signal).then(
          (json) => respond(response, json),
          (error) => callback(error, null),
        );
    });
    request.end(data);
  };
}

/** JSON where it is JSON, as docker-modem gives it; else the bytes. */
async function readEngineBody(response: IncomingMessage, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal !== undefined) addAbortSignal(signal, response);
  const body = await buffer(response);
  try {
    return (JSON.parse(body.toString()) as unknown) ?? body;
  } catch {
    return body;
  }
}
