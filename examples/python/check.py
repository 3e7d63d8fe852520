from collections.abc import Callable

from mcpmanager.v1.manager_pb2_grpc import ManagerServiceStub

# What is tried. It gives back what it saw, or raises.
Check = Callable[[ManagerServiceStub], str]


def run_checks(checks: dict[str, Check], manager: ManagerServiceStub) -> bool:
    """Runs the checks in their order, prints a line for each, then the totals; says whether all passed."""
    failed = 0
    for name, check in checks.items():
        try:
            print(f"  ✓ {name:18} {check(manager)}", flush=True)
        except Exception as error:  # whatever goes wrong is the check's result
            failed += 1
            print(f"  ✗ {name:18} {' '.join(repr(error).split())}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed == 0


def expect(holds: bool, otherwise: object) -> None:
    if not holds:
        raise AssertionError(otherwise)
