// Command grpc URL tries a manager by grpc-go.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"io"
	"iter"
	"log"
	"net/url"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"example.org/clients/checks"
	pb "example.org/clients/gen/mcpmanager/v1"
)

func main() {
	flag.Parse()
	address, err := url.Parse(cmp.Or(flag.Arg(0), "http://127.0.0.1:8080"))
	if err != nil {
		log.Fatal(err)
	}
	connection, err := grpc.NewClient(
		address.Host, // host:port, no URL
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		// A gRPC client takes messages of 4 MB at most, unless it is told otherwise.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(32<<20)),
	)
	if err != nil {
		log.Fatal(err)
	}
	checks.Run(manager{pb.NewManagerServiceClient(connection)})
}

// manager is the generated client, without call options, and with streams to range over.
type manager struct{ client pb.ManagerServiceClient }

func (m manager) Start(ctx context.Context, request *pb.StartRequest) (*pb.StartResponse, error) {
	return m.client.Start(ctx, request)
}

func (m manager) Stop(ctx context.Context, request *pb.StopRequest) (*pb.StopResponse, error) {
	return m.client.Stop(ctx, request)
}

func (m manager) Restart(ctx context.Context, request *pb.RestartRequest) (*pb.RestartResponse, error) {
	return m.client.Restart(ctx, request)
}

func (m manager) Get(ctx context.Context, request *pb.GetRequest) (*pb.GetResponse, error) {
	return m.client.Get(ctx, request)
}

func (m manager) CallTool(ctx context.Context, request *pb.CallToolRequest) (*pb.CallToolResponse, error) {
	return m.client.CallTool(ctx, request)
}

func (m manager) CallToolStream(
	ctx context.Context, request *pb.CallToolStreamRequest,
) iter.Seq2[*pb.CallToolStreamResponse, error] {
	return events(m.client.CallToolStream(ctx, request))
}

func (m manager) Watch(ctx context.Context, request *pb.WatchRequest) iter.Seq2[*pb.WatchResponse, error] {
	return events(m.client.Watch(ctx, request))
}

// events reads a stream; leaving the loop does not end it, its context does.
func events[T any](stream grpc.ServerStreamingClient[T], err error) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for err == nil {
			var event *T
			if event, err = stream.Recv(); err == nil && !yield(event, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(nil, err)
		}
	}
}

func (m manager) ReadError(err error) (codes.Code, []any) {
	answer := status.Convert(err)
	return answer.Code(), answer.Details()
}
