import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

/** What an error of the manager says: its code, and the details that it carries. */
export class Failure {
  readonly code: Code;
  /** Stable; docs/api.md lists them. Undefined: the error is of the client's own making. */
  readonly reason: string | undefined;
  /** `not_sent`, `sent` or `answered`: whether repeating the call is safe. */
  readonly delivery: string | undefined;
  readonly metadata: Record<string, string>;
  /** Paths of the fields that break a rule. */
  readonly fields: string[];

  constructor(cause: unknown) {
    const error = ConnectError.from(cause);
    const [info] = error.findDetails(ErrorInfoSchema);
    const [badRequest] = error.findDetails(BadRequestSchema);
    this.code = error.code;
    this.reason = info?.reason;
    this.metadata = info?.metadata ?? {};
    this.delivery = this.metadata.delivery;
    this.fields = badRequest?.fieldViolations.map((violation) => violation.field) ?? [];
  }

  toString(): string {
    return [Code[this.code], this.reason, this.delivery, ...this.fields]
      .filter((part) => part !== undefined)
      .join(", ");
  }
}

/** What a call fails with; throws when it does not. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    return new Failure(error);
  }
  throw new Error("the call did not fail");
}
