import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ListSecretsResponseSchema,
  type ManagerService,
  type Secret,
  SecretSchema,
  SecretSource,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import type { UsedSecret } from "../../fleet/secrets/secrets.ts";
import { pageByKey } from "../../operations/requests/page.ts";
import { listRequestSchema } from "../../operations/requests/request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { boundedPage } from "../convert/bounded-page.ts";
import type { ServiceOptions } from "./service-options.ts";

const defaultSecretsPerPage = 100;

/** The RPC about secrets. */
export function secretMethods({ fleet }: ServiceOptions) {
  return {
    listSecrets(request) {
      const { pageSize, pageToken } = validate(listRequestSchema, {
        pageSize: request.pageSize,
        pageToken: request.pageToken,
      });
      const all = fleet.secrets();
      const page = { pageToken, defaultSize: defaultSecretsPerPage, key: ({ name }: UsedSecret) => name };
      const { items, nextPageToken } = boundedPage({
        pageSize,
        page: (size) => pageByKey(all, { ...page, pageSize: size }),
        schema: SecretSchema,
        convert: secretToProto,
      });
      return create(ListSecretsResponseSchema, { secrets: items, nextPageToken });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

const sources = {
  file: SecretSource.FILE,
  env: SecretSource.ENV,
  command: SecretSource.COMMAND,
  credential: SecretSource.CREDENTIAL,
} satisfies Record<NonNullable<UsedSecret["source"]>, SecretSource>;

function secretToProto({ name, source, servers }: UsedSecret): Secret {
  const known = source === undefined ? SecretSource.UNSPECIFIED : sources[source];
  return create(SecretSchema, { name, source: known, servers: [...servers] });
}
