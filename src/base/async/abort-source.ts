/**
 * The signal that ends a wait early. Every AbortSignal is one; the signal of each call is one that is cheaper to listen
 * to (bench/README.md, micro).
 */
export interface AbortSource {
  readonly aborted: boolean;
  /** Why, once aborted. */
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
