package io.mcpmanager.example;

import static io.mcpmanager.example.Check.expect;

import com.google.protobuf.Duration;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.mcpmanager.v1.ManagerServiceGrpc;
import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import io.mcpmanager.v1.PullPolicy;
import io.mcpmanager.v1.ServerSpec;
import io.mcpmanager.v1.ServerState;
import io.mcpmanager.v1.StartRequest;
import io.mcpmanager.v1.StopRequest;
import java.net.URI;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** Tries the manager at the URL that is its argument. */
public final class Main {
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  public static void main(String[] arguments) throws InterruptedException {
    GRPC.setLevel(Level.WARNING); // else it tells of its transport
    var url = URI.create(arguments.length > 0 ? arguments[0] : "http://127.0.0.1:8080");
    var target = url.getAuthority(); // gRPC takes host:port, no URL
    var channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
    // In this order: the server is started, called, and stopped.
    var start = List.of(new Check("Start", Main::start));
    var stop = List.of(new Check("Stop", Main::stop));
    var checks = Stream.of(start, Calls.ALL, Failures.ALL, Streams.ALL, stop).flatMap(List::stream).toList();
    var passed = Check.run(checks, ManagerServiceGrpc.newBlockingStub(channel));
    channel.shutdown().awaitTermination(10, TimeUnit.SECONDS);
    System.exit(passed ? 0 : 1);
  }

  private static String start(ManagerServiceBlockingStub manager) {
    // MCP's reference server, as `make build-everything` builds it.
    var spec = ServerSpec.newBuilder().setImage("mcp/everything:latest").setPullPolicy(PullPolicy.PULL_POLICY_NEVER);
    var request = StartRequest.newBuilder().setName("everything").setSpec(spec).build();
    var server = manager.start(request).getServer();
    expect(server.getState() == ServerState.SERVER_STATE_READY, server);
    return server.getMcp().getServerName() + " is ready";
  }

  private static String stop(ManagerServiceBlockingStub manager) {
    var grace = Duration.newBuilder().setSeconds(5); // for the calls in flight
    var request = StopRequest.newBuilder().setName("everything").setGracePeriod(grace).build();
    var first = manager.stop(request);
    var second = manager.stop(request); // repeating it is safe
    expect(first.getFound() && !second.getFound(), second);
    return "and gone";
  }
}
