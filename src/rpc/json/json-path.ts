import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { memberPath } from "../../base/text/member-path.ts";
import type { JsonPath } from "../../json/repeated-member.ts";

/** What stands at a place of a message's JSON: a message, the items of a field, or JSON without a schema. */
type Place = { readonly message: DescMessage } | { readonly itemsOf: DescField } | undefined;

/** A path in a message's JSON, in the proto's spelling: `["spec", "capAdd", 0]` -> `spec.cap_add[0]`. */
export function protoPath(desc: DescMessage, path: JsonPath): string {
  let place: Place = { message: desc };
  let text = "";
  for (const key of path) {
    if (place !== undefined && "message" in place) {
      const field = fieldOf(place.message, String(key));
      text = memberPath(text, field?.name ?? String(key));
      place = field === undefined ? undefined : placeOf(field);
    } else {
      const map: boolean = place?.itemsOf.fieldKind === "map";
      text = map ? `${text}[${JSON.stringify(key)}]` : memberPath(text, key);
      place = place === undefined ? undefined : messageAt(place.itemsOf);
    }
  }
  return text;
}

/** A field by either spelling of its name. */
export function fieldOf({ fields }: DescMessage, key: string): DescField | undefined {
  return fields.find(({ name, jsonName }) => name === key || jsonName === key);
}

function placeOf(field: DescField): Place {
  return field.fieldKind === "list" || field.fieldKind === "map" ? { itemsOf: field } : messageAt(field);
}

/** Well-known types have JSON of their own. */
function messageAt({ message }: DescField): Place {
  return message === undefined || message.typeName.startsWith("google.protobuf.") ? undefined : { message };
}
