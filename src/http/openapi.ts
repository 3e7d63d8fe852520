import openapi from "../../gen/openapi.json" with { type: "json" };
import type { NodeHandler } from "../rpc/node-handler.ts";
import { refuse } from "./handler.ts";
import { wrongMethod } from "./refusals.ts";

const path = "/openapi.json";
const text = `${JSON.stringify(openapi)}\n`;

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
      response.end(text);
    }
  };
}
