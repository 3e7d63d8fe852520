package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	pb "example.org/clients/gen/mcpmanager/v1"
)

var failures = []check{
	{"deadline", deadline},
	{"cancel", cancel},
	{"ErrorInfo", errorInfo},
	{"BadRequest", badRequest},
	{"validated arguments", validatedArguments},
	{"too large a request", tooLargeARequest},
}

func never(mark string) *pb.CallToolRequest {
	return toolCall("hostile", "never", map[string]any{"mark": mark})
}

func deadline(ctx context.Context, client Client) (string, error) {
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, err := client.CallTool(short, never("deadline"))
	if err == nil {
		return "", errNoFailure
	}
	failure := readFailure(client, err)
	if failure.Code != codes.DeadlineExceeded {
		return "", err
	}
	return fmt.Sprintf("%v; the server was told", failure), untilFate(ctx, client, "deadline", "cancelled")
}

func cancel(ctx context.Context, client Client) (string, error) {
	calling, leave := context.WithCancel(ctx)
	defer leave()
	failed := make(chan error, 1)
	go func() {
		_, err := client.CallTool(calling, never("cancel"))
		failed <- err
	}()
	if err := untilFate(ctx, client, "cancel", "running"); err != nil {
		return "", err
	}
	leave()
	err := <-failed
	if err == nil {
		return "", errNoFailure
	}
	failure := readFailure(client, err)
	if failure.Code != codes.Canceled {
		return "", err
	}
	return fmt.Sprintf("%v; the server was told", failure), untilFate(ctx, client, "cancel", "cancelled")
}

func errorInfo(ctx context.Context, client Client) (string, error) {
	request := toolCall("hostile", "exit", map[string]any{"code": 7, "stderr": "out of luck"})
	_, err := client.CallTool(ctx, request)
	if err == nil {
		return "", errNoFailure
	}
	failure := readFailure(client, err)
	if failure.Delivery() != "sent" || failure.Metadata["exit_code"] != "7" {
		return "", err
	}
	lines := strings.Split(failure.Metadata["stderr_tail"], "\n")
	seen := fmt.Sprintf("%v; exit code 7, stderr: %s", failure, lines[len(lines)-1])
	return seen, expectFailure(failure, codes.Aborted, "SERVER_EXITED")
}

func badRequest(ctx context.Context, client Client) (string, error) {
	_, err := client.Start(ctx, &pb.StartRequest{
		Name: "other",
		Spec: &pb.ServerSpec{
			Image:  everything.Image,
			Mounts: []*pb.Mount{{Type: pb.MountType_MOUNT_TYPE_VOLUME, Source: "data", Target: "not/absolute"}},
		},
	})
	if err == nil {
		return "", errNoFailure
	}
	failure := readFailure(client, err)
	if !slices.Equal(failure.Fields, []string{"spec.mounts[0].target"}) {
		return "", err
	}
	return failure.String(), expectFailure(failure, codes.InvalidArgument, "INVALID_REQUEST")
}

func validatedArguments(ctx context.Context, client Client) (string, error) {
	request := toolCall("everything", "get-sum", map[string]any{"a": "two", "b": 3})
	request.ValidateArguments = true
	_, err := client.CallTool(ctx, request)
	if err == nil {
		return "", errNoFailure
	}
	failure := readFailure(client, err)
	if failure.Delivery() != "not_sent" || !slices.Equal(failure.Fields, []string{"arguments.a"}) {
		return "", err
	}
	return failure.String(), expectFailure(failure, codes.InvalidArgument, "ARGUMENTS_REJECTED")
}

func tooLargeARequest(ctx context.Context, client Client) (string, error) {
	info, err := client.GetInfo(ctx, &pb.GetInfoRequest{})
	if err != nil {
		return "", err
	}
	message := strings.Repeat("x", int(info.Limits.MaxRequestBytes))
	_, err = client.CallTool(ctx, toolCall("everything", "echo", map[string]any{"message": message}))
	if err == nil {
		return "", errNoFailure
	}
	failure := readFailure(client, err)
	return failure.String(), expectFailure(failure, codes.ResourceExhausted, "MESSAGE_TOO_LARGE")
}
