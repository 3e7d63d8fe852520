/** What may end a wait early. Every AbortSignal is one; what each call has one of can be cheaper to make. */
export interface AbortSource {
  readonly aborted: boolean;
  /** Why, once aborted. */
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
