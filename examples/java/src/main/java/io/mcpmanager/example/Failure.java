package io.mcpmanager.example;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest; // com.google.api.grpc:proto-google-common-protos, which grpc-protobuf brings
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an error of the manager says.
 *
 * @param reason stable; docs/api.md lists them. Empty: the error is of the client's own making
 * @param fields paths of the fields that break a rule
 */
record Failure(Status.Code code, String reason, Map<String, String> metadata, List<String> fields) {

  static Failure of(StatusRuntimeException error) throws InvalidProtocolBufferException {
    var info = ErrorInfo.getDefaultInstance();
    var fields = new ArrayList<String>();
    for (var detail : StatusProto.fromThrowable(error).getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        info = detail.unpack(ErrorInfo.class);
      } else if (detail.is(BadRequest.class)) {
        for (var violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
          fields.add(violation.getField());
        }
      }
    }
    return new Failure(error.getStatus().getCode(), info.getReason(), info.getMetadataMap(), fields);
  }

  /** What a call fails with; throws when it does not. */
  static Failure of(Runnable call) throws InvalidProtocolBufferException {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      return of(error);
    }
    throw new IllegalStateException("the call did not fail");
  }

  /** `not_sent`, `sent` or `answered`: whether repeating the call is safe. */
  String delivery() {
    return metadata.getOrDefault("delivery", "");
  }

  @Override
  public String toString() {
    return Stream.concat(Stream.of(code.name(), reason, delivery()), fields.stream())
        .filter(part -> !part.isEmpty())
        .collect(Collectors.joining(", "));
  }
}
