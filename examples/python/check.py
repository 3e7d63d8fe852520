"""The list of checks, and how they are run."""

from collections.abc import Callable
from typing import NamedTuple

from mcpmanager.v1.manager_pb2_grpc import ManagerServiceStub


class Check(NamedTuple):
    """What is tried: gives back what was seen, or raises."""

    name: str
    run: Callable[[ManagerServiceStub, str], str]


def run_checks(checks: list[Check], manager: ManagerServiceStub, target: str) -> bool:
    """Runs the checks in their order, prints a line for each, then the totals; says whether all passed."""
    failed = 0
    for name, run in checks:
        try:
            print(f"  ✓ {name:22} {run(manager, target)}", flush=True)
        except Exception as error:  # whatever goes wrong is the check's result
            failed += 1
            print(f"  ✗ {name:22} {' '.join(repr(error).split())}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed == 0


def expect(holds: bool, otherwise: object) -> None:
    if not holds:
        raise AssertionError(otherwise)
