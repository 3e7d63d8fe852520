import type { Attack } from "./attack.ts";
import type { Body } from "./body.ts";
import { jsonBodies } from "./json-bodies.ts";
import { bombs, protoBodies } from "./proto-bodies.ts";
import { sendRequest } from "./send-request.ts";

/** More than a header may have is refused by Node itself. */
const queryBytes = [15_000, 1_000_000];

const queries: readonly Body[] = queryBytes.map((bytes) => ({
  name: `query of ${bytes / 2} parameters`,
  protocols: ["REST"],
  make: () => ({ to: `GET /servers?${"a&".repeat(bytes / 2)}`, body: Buffer.alloc(0) }),
}));

/** Each body over each of its protocols. */
export const largeRequests: readonly Attack[] = [...protoBodies, ...bombs, ...jsonBodies, ...queries].flatMap((body) =>
  body.protocols.map((protocol) => ({
    name: `${body.name}, ${protocol}`,
    single: true,
    async run(port, signal) {
      const request = body.make(protocol);
      const outcome = await sendRequest(protocol, { ...request, port, signal });
      return { bytes: request.body.length || request.to.length, count: 1, outcome };
    },
  })),
);
