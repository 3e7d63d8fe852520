import { endEarly } from "../http/end-early.ts";
import { respondWithError } from "../http/error-response.ts";
import { wrongMethod } from "../http/refusals.ts";
import { refuse } from "../http/refuse.ts";
import type { Mount } from "../server/handlers/node-handler.ts";
import type { TransferBudget } from "../server/responses/transfer-budget.ts";
import { isGone } from "../server/responses/write-whole.ts";

const path = "/openapi.json";
/** Bytes that an unread response takes: the document itself is shared by all. */
const responseBytes = 8 * 1024;

/** `GET /openapi.json`: the document of the REST routes. */
export function openApiHandler({ budget }: { readonly budget: TransferBudget }): Mount {
  let loading: Promise<Buffer> | undefined;
  return (request, response) => {
    if (request.url?.split("?")[0] !== path) return false;
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      refuse(wrongMethod(path, ["GET", "HEAD"]), { request, response });
      return true;
    }
    loading ??= document();
    loading.then(
      (bytes) => {
        if (isGone(response)) return;
        response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
        budget.open(response).add(responseBytes);
        endEarly({ request, response }, bytes);
      },
      (error) => respondWithError({ request, response, error }),
    );
    return true;
  };
}

/** Read at the first request for it, and once: it is large, and few ask for it. */
async function document(): Promise<Buffer> {
  const { default: json } = await import("../../gen/openapi.json", { with: { type: "json" } });
  return Buffer.from(`${JSON.stringify(json)}\n`);
}
