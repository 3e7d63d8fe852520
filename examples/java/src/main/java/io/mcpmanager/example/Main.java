package io.mcpmanager.example;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.mcpmanager.v1.ManagerServiceGrpc;
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
    GRPC.setLevel(Level.WARNING); // else it tells of each piece of a message that is larger than allowed
    var url = URI.create(arguments.length > 0 ? arguments[0] : "http://127.0.0.1:8080");
    var target = url.getAuthority(); // gRPC takes host:port, no URL
    var channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
    // In this order: starting comes first, and stopping last.
    var checks =
        Stream.of(Fleet.STARTING, Calls.ALL, Offers.ALL, Streams.ALL, Failures.ALL, Fleet.STOPPING)
            .flatMap(List::stream)
            .toList();
    var passed = Check.run(checks, ManagerServiceGrpc.newBlockingStub(channel));
    channel.shutdown().awaitTermination(10, TimeUnit.SECONDS);
    System.exit(passed ? 0 : 1);
  }
}
