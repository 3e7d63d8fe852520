/**
 * What GetInfo names as features: fields whose effect a caller depends on, and which a manager that does not know them
 * would pass over in a binary request without a word. A word stays; the comment of the field in the proto has them all.
 */
export const features = ["idempotency_key", "validate_arguments"] as const;
