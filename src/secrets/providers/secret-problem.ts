/** Most bytes of a value, as Docker has it for its secrets. */
export const maxSecretBytes = 500 * 1024;

/**
 * Why the value of a secret can't be had, as the end of a sentence about it, with what to do. `detail` is for the log
 * alone: callers are not told where the operator keeps it.
 */
export class SecretProblem extends Error {
  readonly detail: Readonly<Record<string, string>>;

  constructor(problem: string, detail: Readonly<Record<string, string>> = {}) {
    super(problem);
    this.detail = detail;
  }
}

export function tooLong(): string {
  return `has more than ${maxSecretBytes} bytes, the most that a secret may have`;
}
