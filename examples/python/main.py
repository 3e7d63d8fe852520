"""main URL: tries a manager by grpcio."""

import sys
from urllib.parse import urlsplit

import grpc
from mcpmanager.v1.manager_pb2_grpc import ManagerServiceStub

from calls import CALLS
from check import run_checks
from failures import FAILURES
from fleet import STARTING, STOPPING
from offers import OFFERS
from streams import STREAMS

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
target = urlsplit(url).netloc  # gRPC takes host:port, no URL

# A gRPC client takes messages of 4 MB at most, unless it is told otherwise.
options = [("grpc.max_receive_message_length", 32 * 1024 * 1024)]

with grpc.insecure_channel(target, options) as channel:
    checks = STARTING + CALLS + OFFERS + STREAMS + FAILURES + STOPPING
    passed = run_checks(checks, ManagerServiceStub(channel), target)
sys.exit(0 if passed else 1)
