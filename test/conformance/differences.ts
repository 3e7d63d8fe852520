/** Why some of the runner's cases fail: what it then says, all of it, and of which cases. */
export interface Difference {
  readonly cause: string;
  readonly cases: RegExp;
  readonly complaints: readonly RegExp[];
}

/** The runner's protos lack google.rpc. */
const unknownDetail =
  /^connect error JSON: details\[0\]: .* message type "google\.rpc\.ErrorInfo" could not be resolved/;
const oneDetail = /^actual error contain 1 details; expecting 0$/;

export const differences = {
  "error with ErrorInfo": {
    cause: "every error that we answer has an ErrorInfo, and the case expects one without details",
    cases: /./,
    complaints: [unknownDetail, oneDetail],
  },
  "refusal with a code": {
    cause: "HTTP's 415 and 405 have the code and the reason in their body; the case expects what a client makes of 415",
    cases: /^(?:Connect )?Unexpected Requests\/.*\/unexpected-(?:codec|content-type|verb)$/,
    complaints: [
      unknownDetail,
      oneDetail,
      /^actual error \{code: (?:3 \(invalid_argument\)|12 \(unimplemented\)), .*\} does not match expected code 2 \(unknown\)$/,
    ],
  },
  "refusal as JSON": {
    cause:
      "a content type that is no gRPC is refused with JSON, which the runner's gRPC client judges without reading it",
    cases: /^Unexpected Requests\/.*\/Protocol:PROTOCOL_GRPC(?:_WEB)?\/.*\/unexpected-content-type$/,
    complaints: [/^connect error JSON: unexpected end of JSON input$/],
  },
} satisfies Record<string, Difference>;

export type DifferenceName = keyof typeof differences;
