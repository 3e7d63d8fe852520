import type { NodeHandler } from "../rpc/wire/node-handler.ts";
import { answerError } from "./answer-error.ts";
import { refuse } from "./handler.ts";
import { wrongMethod } from "./refusals.ts";

const path = "/openapi.json";

/** Read when somebody asks: few do, and it is large. */
async function documentText(): Promise<string> {
  const { default: document } = await import("../../gen/openapi.json", { with: { type: "json" } });
  return `${JSON.stringify(document)}\n`;
}

/** `GET /openapi.json`: the document of the REST routes. */
export function openApiHandler(fallback: NodeHandler): NodeHandler {
  return (request, response) => {
    if (request.url?.split("?")[0] !== path) {
      fallback(request, response);
    } else if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      refuse(wrongMethod(path, ["GET", "HEAD"]), { request, response });
    } else {
      response.statusCode = 200;
      response.setHeader("content-type", "application/json");
      documentText().then(
        (text) => response.end(text),
        (error) => answerError({ request, response, error }),
      );
    }
  };
}
