// Command connect URL tries a manager by connect-go.
package main

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"os"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"

	"example.org/clients/checks"
	pb "example.org/clients/gen/mcpmanager/v1"
	"example.org/clients/gen/mcpmanager/v1/mcpmanagerv1connect"
)

func main() {
	// By HTTP/1.1; connect.WithGRPC() needs a client that speaks HTTP/2. connect.WithReadMaxBytes sets a limit.
	client := manager{mcpmanagerv1connect.NewManagerServiceClient(http.DefaultClient, checks.ManagerURL())}
	if !checks.Run(checks.Client{Manager: client, Default: client}) {
		os.Exit(1)
	}
}

// manager is the generated client, with streams to range over.
type manager struct {
	mcpmanagerv1connect.ManagerServiceClient
}

func (m manager) CallToolStream(
	ctx context.Context, request *pb.CallToolStreamRequest,
) iter.Seq2[*pb.CallToolStreamResponse, error] {
	return events(m.ManagerServiceClient.CallToolStream(ctx, request))
}

func (m manager) SubscribeResource(
	ctx context.Context, request *pb.SubscribeResourceRequest,
) iter.Seq2[*pb.SubscribeResourceResponse, error] {
	return events(m.ManagerServiceClient.SubscribeResource(ctx, request))
}

func (m manager) Logs(ctx context.Context, request *pb.LogsRequest) iter.Seq2[*pb.LogsResponse, error] {
	return events(m.ManagerServiceClient.Logs(ctx, request))
}

func (m manager) Watch(ctx context.Context, request *pb.WatchRequest) iter.Seq2[*pb.WatchResponse, error] {
	return events(m.ManagerServiceClient.Watch(ctx, request))
}

func events[T any](stream *connect.ServerStreamForClient[T], err error) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		if err == nil {
			defer stream.Close()
			for stream.Receive() {
				if !yield(stream.Msg(), nil) {
					return
				}
			}
			err = stream.Err()
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func (m manager) ReadError(err error) (codes.Code, []any) {
	var details []any
	if failure := new(connect.Error); errors.As(err, &failure) {
		for _, detail := range failure.Details() {
			if value, err := detail.Value(); err == nil {
				details = append(details, value)
			}
		}
	}
	return codes.Code(connect.CodeOf(err)), details
}
