package checks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "example.org/clients/gen/mcpmanager/v1"
)

var failures = []check{
	{"tool error", toolError},
	{"refused arguments", refusedArguments},
	{"lost call", lostCall},
	{"deadline", deadline},
	{"cancel", cancel},
}

// Failure is what an error of the manager says: its code, and the details that it carries.
type Failure struct {
	Code codes.Code
	// Reason is stable; docs/api.md lists them. Empty: the error is of the client's own making.
	Reason string
	// Delivery is `not_sent`, `sent` or `answered`: whether repeating the call is safe.
	Delivery string
	// Fields are the paths of those that break a rule.
	Fields []string
}

func (f Failure) String() string {
	said := append([]string{f.Code.String(), f.Reason, f.Delivery}, f.Fields...)
	return strings.Join(slices.DeleteFunc(said, func(word string) bool { return word == "" }), ", ")
}

func readFailure(manager Manager, err error) Failure {
	if err == nil {
		return Failure{Code: codes.OK}
	}
	code, details := manager.ReadError(err)
	failure := Failure{Code: code}
	for _, detail := range details {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			failure.Reason, failure.Delivery = detail.Reason, detail.Metadata["delivery"]
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				failure.Fields = append(failure.Fields, violation.Field)
			}
		}
	}
	return failure
}

func wrongType() *pb.CallToolRequest {
	return toolCall("get-sum", map[string]any{"a": "two", "b": 3})
}

func slow() *pb.CallToolRequest {
	return toolCall("trigger-long-running-operation", map[string]any{"duration": 20, "steps": 1})
}

// A tool that failed has answered: the RPC succeeds.
func toolError(ctx context.Context, manager Manager) (string, error) {
	answer, err := manager.CallTool(ctx, wrongType())
	if err != nil {
		return "", err
	}
	return textOf(answer), expect(answer.IsError, answer)
}

// The manager checks the same arguments by the tool's schema, if asked to, and the tool is not called.
func refusedArguments(ctx context.Context, manager Manager) (string, error) {
	request := wrongType()
	request.ValidateArguments = true
	_, err := manager.CallTool(ctx, request)
	failure := readFailure(manager, err)
	return failure.String(), expect(
		failure.Code == codes.InvalidArgument && failure.Reason == "ARGUMENTS_REJECTED" &&
			failure.Delivery == "not_sent" && slices.Equal(failure.Fields, []string{"arguments.a"}),
		failure)
}

// The tool may have done its work: only the caller knows whether to call it again.
func lostCall(ctx context.Context, manager Manager) (string, error) {
	failed := callInBackground(ctx, manager)
	if err := untilInFlight(ctx, manager, 1); err != nil {
		return "", err
	}
	request := &pb.RestartRequest{Name: "everything", GracePeriod: durationpb.New(0)}
	if _, err := manager.Restart(ctx, request); err != nil {
		return "", err
	}
	failure := readFailure(manager, <-failed)
	return failure.String(), expect(
		failure.Code == codes.Aborted && failure.Reason == "SERVER_RESTARTED" && failure.Delivery == "sent", failure)
}

// The client's own error has no reason; the manager's, if it comes first, has one.
func deadline(ctx context.Context, manager Manager) (string, error) {
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, err := manager.CallTool(short, slow())
	failure := readFailure(manager, err)
	return failure.String(), errors.Join(
		expect(failure.Code == codes.DeadlineExceeded, failure),
		untilInFlight(ctx, manager, 0))
}

func cancel(ctx context.Context, manager Manager) (string, error) {
	calling, leave := context.WithCancel(ctx)
	failed := callInBackground(calling, manager)
	err := untilInFlight(ctx, manager, 1)
	leave()
	failure := readFailure(manager, <-failed)
	return failure.String(), errors.Join(
		err,
		expect(failure.Code == codes.Canceled, failure),
		untilInFlight(ctx, manager, 0))
}

// callInBackground calls a slow tool, and gives what the call fails with.
func callInBackground(ctx context.Context, manager Manager) <-chan error {
	failed := make(chan error, 1)
	go func() {
		_, err := manager.CallTool(ctx, slow())
		failed <- err
	}()
	return failed
}

// untilInFlight waits until so many calls are with the server.
func untilInFlight(ctx context.Context, manager Manager, calls int64) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		answer, err := manager.Get(ctx, &pb.GetRequest{Name: "everything"})
		if err != nil {
			return fmt.Errorf("there were never %d calls in flight: %w", calls, err)
		}
		if answer.Server.CallsInFlight == calls {
			return nil
		}
	}
}
