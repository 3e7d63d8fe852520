import { provenJson } from "./values/proven-json.ts";

interface AskedFields {
  readonly metaJson: string;
  readonly clientCapabilitiesJson: string;
  readonly inputResponsesJson: string;
}

/** The texts of a request in whose course the server may ask for input. Throws `invalid`, naming the field. */
export function inputRequiredFromProto({ metaJson, clientCapabilitiesJson, inputResponsesJson }: AskedFields) {
  return {
    metaJson: jsonOf(metaJson, "meta_json"),
    clientCapabilitiesJson: jsonOf(clientCapabilitiesJson, "client_capabilities_json"),
    inputResponsesJson: jsonOf(inputResponsesJson, "input_responses_json"),
  };
}

function jsonOf(text: string, field: string): string | undefined {
  return text === "" ? undefined : provenJson(text, field);
}
