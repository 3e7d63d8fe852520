/**
 * What may end a wait early. Every AbortSignal is one; what each call has one of is cheaper to listen to (bench/README.md,
 * micro).
 */
export interface AbortSource {
  readonly aborted: boolean;
  /** Why, once aborted. */
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
