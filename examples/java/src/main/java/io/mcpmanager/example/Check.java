package io.mcpmanager.example;

import io.mcpmanager.v1.ManagerServiceGrpc.ManagerServiceBlockingStub;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What is tried. It gives back what it saw, or throws. */
record Check(String name, Body body) {
  interface Body {
    String run(ManagerServiceBlockingStub manager) throws Exception;
  }

  /** Runs the checks in their order, prints a line for each, then the totals; says whether all passed. */
  static boolean run(List<Check> checks, ManagerServiceBlockingStub manager) {
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8); // whatever the locale
    var failed = 0;
    for (var check : checks) {
      try {
        out.printf("  ✓ %-18s %s%n", check.name, check.body.run(manager));
      } catch (Exception error) {
        failed += 1;
        out.printf("  ✗ %-18s %s%n", check.name, error);
      }
    }
    out.printf("%d passed, %d failed%n", checks.size() - failed, failed);
    return failed == 0;
  }

  static void expect(boolean holds, Object otherwise) {
    if (!holds) {
      throw new IllegalStateException(String.valueOf(otherwise));
    }
  }
}
