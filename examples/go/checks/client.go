// Package checks tries a manager through any generated client.
package checks

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	pb "example.org/clients/gen/mcpmanager/v1"
)

// Manager is what the generated clients of grpc-go and connect-go have in common, so that the checks are written once.
type Manager interface {
	GetInfo(context.Context, *pb.GetInfoRequest) (*pb.GetInfoResponse, error)
	Start(context.Context, *pb.StartRequest) (*pb.StartResponse, error)
	Stop(context.Context, *pb.StopRequest) (*pb.StopResponse, error)
	Restart(context.Context, *pb.RestartRequest) (*pb.RestartResponse, error)
	List(context.Context, *pb.ListRequest) (*pb.ListResponse, error)
	Get(context.Context, *pb.GetRequest) (*pb.GetResponse, error)
	ListTools(context.Context, *pb.ListToolsRequest) (*pb.ListToolsResponse, error)
	CallTool(context.Context, *pb.CallToolRequest) (*pb.CallToolResponse, error)
	ListResources(context.Context, *pb.ListResourcesRequest) (*pb.ListResourcesResponse, error)
	ListResourceTemplates(context.Context, *pb.ListResourceTemplatesRequest) (*pb.ListResourceTemplatesResponse, error)
	ReadResource(context.Context, *pb.ReadResourceRequest) (*pb.ReadResourceResponse, error)
	ListPrompts(context.Context, *pb.ListPromptsRequest) (*pb.ListPromptsResponse, error)
	GetPrompt(context.Context, *pb.GetPromptRequest) (*pb.GetPromptResponse, error)
	Complete(context.Context, *pb.CompleteRequest) (*pb.CompleteResponse, error)
	SetLogLevel(context.Context, *pb.SetLogLevelRequest) (*pb.SetLogLevelResponse, error)
	// A stream ends with its context, too.
	CallToolStream(context.Context, *pb.CallToolStreamRequest) iter.Seq2[*pb.CallToolStreamResponse, error]
	SubscribeResource(context.Context, *pb.SubscribeResourceRequest) iter.Seq2[*pb.SubscribeResourceResponse, error]
	Logs(context.Context, *pb.LogsRequest) iter.Seq2[*pb.LogsResponse, error]
	Watch(context.Context, *pb.WatchRequest) iter.Seq2[*pb.WatchResponse, error]
	// ReadError gives an error's code, which has the same number everywhere, and its details.
	ReadError(error) (codes.Code, []any)
}

// Client is a library's client, told to take large messages.
type Client struct {
	Manager
	// Default is a client with the library's default options.
	Default Manager
	// DefaultLimit is the largest message in bytes that Default takes. 0: it has no limit.
	DefaultLimit int
}

// Failure is what an error of the manager says.
type Failure struct {
	Code codes.Code
	// Reason is stable; docs/api.md lists them. Empty: the error is of the client's own making.
	Reason   string
	Metadata map[string]string
	// Fields are the paths of those that break a rule.
	Fields []string
}

// Delivery is `not_sent`, `sent` or `answered`: whether repeating the call is safe.
func (f Failure) Delivery() string { return f.Metadata["delivery"] }

func (f Failure) String() string {
	parts := []string{f.Code.String()}
	for _, part := range append([]string{f.Reason, f.Delivery()}, f.Fields...) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func readFailure(manager Manager, err error) Failure {
	code, details := manager.ReadError(err)
	failure := Failure{Code: code}
	for _, detail := range details {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			failure.Reason, failure.Metadata = detail.Reason, detail.Metadata
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				failure.Fields = append(failure.Fields, violation.Field)
			}
		}
	}
	return failure
}

// expectFailure says how a failure differs from what was expected; nil when it does not.
func expectFailure(got Failure, code codes.Code, reason string) error {
	if got.Code != code || got.Reason != reason {
		return fmt.Errorf("failed with %v", got)
	}
	return nil
}

var errNoFailure = errors.New("the call did not fail")
