import type { DescEnum } from "@bufbuild/protobuf";

/**
 * The domain's word for an enum value: its name in lower case, without the enum's prefix. Undefined for UNSPECIFIED; a
 * number that this version does not know becomes a word that no schema accepts.
 */
export function enumName(desc: DescEnum, value: number): string | undefined {
  return value === 0 ? undefined : (desc.value[value]?.localName.toLowerCase() ?? `unknown (${value})`);
}
