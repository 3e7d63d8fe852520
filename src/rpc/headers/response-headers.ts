import { LazyHeaders } from "./lazy-headers.ts";

/** The headers, or trailers, of an answer: most have none but their protocol's. */
export class ResponseHeaders extends LazyHeaders {
  protected make(): Headers {
    return new Headers();
  }

  /** Whether somebody may have set one. */
  get isTouched(): boolean {
    return this.made !== undefined;
  }
}

/** The names and values of an answer's headers, also of those that an interceptor has put in their place. */
export function entriesOf(headers: Headers): Iterable<[string, string]> {
  return headers instanceof ResponseHeaders && !headers.isTouched ? [] : headers;
}
