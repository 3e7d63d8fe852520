import http from "node:http";
import { Socket } from "node:net";
import { GuardedResponse, responseGuards as guards } from "../../src/server/responses/guarded-response.ts";
import { keep, type Pair, repeat } from "./by-hand.ts";

const request = new http.IncomingMessage(new Socket());
request.method = "POST";
request.httpVersionMajor = 1;
request.httpVersionMinor = 1;
const head = { "content-type": "application/json", "content-length": 200 };

export const responseGuards: Pair = {
  thing: "guards among the headers that are written",
  file: "src/server/responses/guarded-response.ts",
  plainForm: "setHeader before",
  goesBelow: 1.5,
  part: { of: "a call", times: 1 },
  hand: repeat(() => keep(new GuardedResponse(request).writeHead(200, { ...head }))),
  plain: repeat(() => {
    const response = new http.ServerResponse(request);
    for (const [name, value] of Object.entries(guards)) response.setHeader(name, value);
    keep(response.writeHead(200, { ...head }));
  }),
};
