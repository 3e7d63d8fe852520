import {
  create,
  type DescFile,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  type ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  type ServerReflectionRequest as AlphaRequest,
  ServerReflectionRequestSchema as AlphaRequestSchema,
  type ServerReflectionResponse as AlphaResponse,
  ServerReflectionResponseSchema as AlphaResponseSchema,
  type ServerReflection as ServerReflectionAlpha,
} from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { operations } from "../operations/operations.ts";
import { reflectRequestSchema } from "../operations/requests/probe-schema.ts";
import { validate } from "../operations/requests/validate.ts";
import type { ServiceOperations } from "./call/service-operations.ts";

/** What the one RPC of reflection is. */
export const reflectionOperations = { serverReflectionInfo: operations.reflect } satisfies ServiceOperations<
  typeof ServerReflection
>;
export const reflectionAlphaOperations = { serverReflectionInfo: operations.reflect } satisfies ServiceOperations<
  typeof ServerReflectionAlpha
>;

type MessageResponse = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/**
 * Server reflection over the services that are served, so that `buf curl` and grpcurl need no schema. v1 and v1alpha
 * have the same messages, so one implementation serves both.
 */
export class Reflection {
  readonly #services: readonly DescService[];
  /** By name and by symbol: each file with all that it imports, dependencies first. */
  readonly #files = new Map<string, DescFile>();
  /** What a file and all that it imports are as bytes: a caller may ask for the same again and again. */
  readonly #bytes = new Map<DescFile, readonly Uint8Array[]>();

  constructor(services: readonly DescService[]) {
    this.#services = services;
    for (const service of services) this.#addFile(service.file);
  }

  async *respond(requests: AsyncIterable<ServerReflectionRequest>): AsyncGenerator<ServerReflectionResponse> {
    for await (const request of requests) {
      const { host, messageRequest: asked } = request;
      validate(reflectRequestSchema, asked.case === undefined ? { host } : { host, [asked.case]: asked.value });
      const messageResponse = this.#messageResponse(request.messageRequest);
      yield create(ServerReflectionResponseSchema, {
        validHost: request.host,
        originalRequest: request,
        messageResponse,
      });
    }
  }

  /** The same for v1alpha, whose messages have the same bytes. */
  async *respondAlpha(requests: AsyncIterable<AlphaRequest>): AsyncGenerator<AlphaResponse> {
    for await (const response of this.respond(asV1(requests))) {
      yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, response));
    }
  }

  #messageResponse(request: ServerReflectionRequest["messageRequest"]): MessageResponse {
    switch (request.case) {
      case "listServices": {
        const service = this.#services.map(({ typeName }) => ({ name: typeName }));
        return { case: "listServicesResponse", value: { service } };
      }
      case "fileByFilename":
        return this.#fileResponse(this.#files.get(request.value), request.value);
      case "fileContainingSymbol":
        return this.#fileResponse(this.#fileOf(request.value), request.value);
      case "allExtensionNumbersOfType":
        return { case: "allExtensionNumbersResponse", value: { baseTypeName: request.value, extensionNumber: [] } };
      default:
        return notFoundResponse(request.case ?? "an empty request");
    }
  }

  /** A symbol may be a member of what a file declares, e.g. a method or a field. */
  #fileOf(symbol: string): DescFile | undefined {
    for (let name = symbol; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
      const file = this.#files.get(name);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  #fileResponse(file: DescFile | undefined, wanted: string): MessageResponse {
    if (file === undefined) return notFoundResponse(wanted);
    const known = this.#bytes.get(file) ?? fileBytes(file);
    this.#bytes.set(file, known);
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto: [...known] } };
  }

  #addFile(file: DescFile): void {
    this.#files.set(file.proto.name, file);
    for (const desc of [...file.messages, ...file.enums, ...file.services]) this.#files.set(desc.typeName, file);
    for (const dependency of file.dependencies) this.#addFile(dependency);
  }
}

async function* asV1(requests: AsyncIterable<AlphaRequest>): AsyncGenerator<ServerReflectionRequest> {
  for await (const request of requests) {
    yield fromBinary(ServerReflectionRequestSchema, toBinary(AlphaRequestSchema, request));
  }
}

function fileBytes(file: DescFile): readonly Uint8Array[] {
  const files = [...withDependencies(file)].reverse();
  return files.map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}

function withDependencies(file: DescFile, seen = new Set<DescFile>()): Set<DescFile> {
  for (const dependency of file.dependencies) withDependencies(dependency, seen);
  return seen.add(file);
}

function notFoundResponse(wanted: string): MessageResponse {
  return { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage: `not found: ${wanted}` } };
}
