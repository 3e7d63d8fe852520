import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Fleet } from "../../fleet/fleet.ts";
import type { TracedOptions } from "../../mcp/conversation/requests.ts";
import type { Listed } from "../../mcp/features/shared/list-entries.ts";
import type { Session } from "../../mcp/session.ts";
import { pageByPosition, positionToken } from "../../operations/requests/page.ts";
import { listingRequestSchema } from "../../operations/requests/request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { traceOf, waitOf } from "../call/caller-context.ts";
import { boundedPage } from "../convert/values/bounded-page.ts";

const defaultPerPage = 1000;

interface ListingRequest {
  readonly server: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A page of what a server lists, and why entries may be missing from the listing; empty: none are. */
export interface ListingPage<Item> {
  readonly items: Item[];
  readonly nextPageToken: string;
  readonly incomplete: string;
}

/** Throws `too_much` for the page behind the last entry that the manager reads of a larger listing. */
export async function listingPage<T, M extends DescMessage>(
  { server, pageSize, pageToken }: ListingRequest,
  options: {
    readonly fleet: Fleet;
    readonly context: HandlerContext;
    readonly list: (session: Session, options: TracedOptions) => Promise<Listed<T>>;
    readonly schema: M;
    readonly convert: (entry: T) => MessageShape<M>;
  },
): Promise<ListingPage<MessageShape<M>>> {
  const { fleet, context, list, schema, convert } = options;
  const request = validate(listingRequestSchema, { server, pageSize, pageToken });
  const {
    entries,
    incomplete = "",
    limit,
  } = await fleet.call(request.server, {
    ...waitOf(context),
    work: ({ session }, signal) => list(session, { signal, trace: traceOf(context) }),
  });
  const { items, nextPageToken } = boundedPage({
    pageSize: request.pageSize,
    page: (size) => pageByPosition(entries, { ...request, pageSize: size, defaultSize: defaultPerPage }),
    schema,
    convert,
  });
  if (nextPageToken !== "" || limit === undefined) return { items, nextPageToken, incomplete };
  if (items.length === 0) throw limit.with({ server: request.server });
  return { items, nextPageToken: positionToken(entries.length), incomplete };
}
