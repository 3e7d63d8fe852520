import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { Page } from "../../../operations/requests/page.ts";

/** Clients of gRPC accept 4 MB unless told otherwise, and the rest of a response is small. */
export const maxPageBytes = 3_500_000;

/** A page as messages, cut short where it would grow larger than clients accept; one item at least. */
export function boundedPage<T, M extends DescMessage>(options: {
  readonly pageSize: number;
  readonly page: (pageSize: number) => Page<T>;
  readonly schema: M;
  readonly convert: (item: T) => MessageShape<M>;
}): { items: MessageShape<M>[]; nextPageToken: string } {
  const { schema, convert } = options;
  const whole = options.page(options.pageSize);
  const items: MessageShape<M>[] = [];
  let bytes = 0;
  for (const item of whole.items) {
    const message = convert(item);
    bytes += toBinary(schema, message).length;
    if (bytes > maxPageBytes && items.length > 0) break;
    items.push(message);
  }
  const cutShort = items.length < whole.items.length;
  const { nextPageToken } = cutShort ? options.page(items.length) : whole;
  return { items, nextPageToken };
}
