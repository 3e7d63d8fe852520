// Package checks tries a manager through any generated client.
package checks

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "example.org/clients/gen/mcpmanager/v1"
)

// Manager is what the generated clients of grpc-go and connect-go have in common, so that the checks are written once.
type Manager interface {
	Start(context.Context, *pb.StartRequest) (*pb.StartResponse, error)
	Stop(context.Context, *pb.StopRequest) (*pb.StopResponse, error)
	Restart(context.Context, *pb.RestartRequest) (*pb.RestartResponse, error)
	Get(context.Context, *pb.GetRequest) (*pb.GetResponse, error)
	CallTool(context.Context, *pb.CallToolRequest) (*pb.CallToolResponse, error)
	// A stream ends with its context, too.
	CallToolStream(context.Context, *pb.CallToolStreamRequest) iter.Seq2[*pb.CallToolStreamResponse, error]
	Watch(context.Context, *pb.WatchRequest) iter.Seq2[*pb.WatchResponse, error]
	// ReadError gives an error's code, which has the same number everywhere, and its details.
	ReadError(error) (codes.Code, []any)
}

// check is what is tried; run gives back what it saw.
type check struct {
	name string
	run  func(context.Context, Manager) (string, error)
}

// In this order: the server is started, called, and stopped.
var all = slices.Concat([]check{{"Start", start}}, calls, failures, streams, []check{{"Stop", stop}})

func start(ctx context.Context, manager Manager) (string, error) {
	answer, err := manager.Start(ctx, &pb.StartRequest{
		Name: "everything",
		Spec: &pb.ServerSpec{
			Image:      "mcp/everything:latest", // MCP's reference server, as `make build-everything` builds it
			PullPolicy: pb.PullPolicy_PULL_POLICY_NEVER,
		},
	})
	if err != nil {
		return "", err
	}
	return answer.Server.GetMcp().GetServerName() + " is ready", expect(
		answer.Server.State == pb.ServerState_SERVER_STATE_READY, answer.Server)
}

func stop(ctx context.Context, manager Manager) (string, error) {
	// Five seconds for the calls in flight.
	request := &pb.StopRequest{Name: "everything", GracePeriod: durationpb.New(5 * time.Second)}
	first, err := manager.Stop(ctx, request)
	if err != nil {
		return "", err
	}
	second, err := manager.Stop(ctx, request) // repeating it is safe
	if err != nil {
		return "", err
	}
	return "and gone", expect(first.Found && !second.Found, second)
}

// Run runs the checks, prints a line for each, then the totals, and ends the program: 1 unless all passed.
func Run(manager Manager) {
	failed := 0
	for _, check := range all {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		seen, err := check.run(ctx, manager)
		cancel()
		if err != nil {
			failed++
			fmt.Printf("  ✗ %-18s %v\n", check.name, err)
		} else {
			fmt.Printf("  ✓ %-18s %s\n", check.name, seen)
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(all)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func expect(holds bool, otherwise any) error {
	if holds {
		return nil
	}
	return fmt.Errorf("got %v", otherwise)
}
