import { Code } from "@connectrpc/connect";
import type { ErrorKind } from "../../base/errors/errors.ts";

/** The one table from what went wrong to the gRPC code that says so. */
export const codeOf = {
  invalid: Code.InvalidArgument,
  not_found: Code.NotFound,
  conflict: Code.AlreadyExists,
  denied: Code.PermissionDenied,
  unauthenticated: Code.Unauthenticated,
  not_running: Code.FailedPrecondition,
  too_much: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  call_lost: Code.Aborted,
  interrupted: Code.Aborted,
  unsupported: Code.Unimplemented,
  protocol: Code.Internal,
  // From another program, in its own words.
  server_error: Code.Unknown,
  deadline: Code.DeadlineExceeded,
  cancelled: Code.Canceled,
  internal: Code.Internal,
} satisfies Record<ErrorKind, Code>;
