// Command connect URL [connect|grpc|grpc-web] tries a manager by connect-go.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"iter"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"

	"example.org/clients/checks"
	pb "example.org/clients/gen/mcpmanager/v1"
	"example.org/clients/gen/mcpmanager/v1/mcpmanagerv1connect"
)

func main() {
	flag.Parse()
	url := cmp.Or(flag.Arg(0), "http://127.0.0.1:8080")
	client := http.DefaultClient       // by HTTP/1.1
	var options []connect.ClientOption // connect.WithReadMaxBytes sets a limit, there is none by default
	switch flag.Arg(1) {
	case "grpc":
		client = &http.Client{Transport: &http.Transport{Protocols: onlyHTTP2()}}
		options = append(options, connect.WithGRPC())
	case "grpc-web":
		options = append(options, connect.WithGRPCWeb())
	}
	checks.Run(manager{mcpmanagerv1connect.NewManagerServiceClient(client, url, options...)})
}

// onlyHTTP2 is what gRPC needs; without TLS it has to be asked for.
func onlyHTTP2() *http.Protocols {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
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
