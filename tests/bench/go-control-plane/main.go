// The usual xDS server, on the other side of `npm run bench -- '^xds/'`: the same fleet as tools/bench/xds/fleet.ts, and the same
// commands, a JSON object a line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const clusters, endpoints, listeners = 20, 20, 2

// All nodes as one: the fair baseline, which shares a snapshot.
type shared struct{}

func (shared) ID(*corev3.Node) string { return "all" }

type each struct{}

func (each) ID(node *corev3.Node) string { return node.GetId() }

func socketAddress(host string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

// change moves the first endpoint of the first cluster; wasmBytes is the size of a filter, 0 for none.
func snapshot(change int, wasmBytes int) *cachev3.Snapshot {
	var cdsResources, edsResources, ldsResources, ecdsResources []types.Resource
	for c := range clusters {
		name := fmt.Sprintf("cluster-%d", c)
		cdsResources = append(cdsResources, &clusterv3.Cluster{
			Name:                 name,
			ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
			EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{EdsConfig: &corev3.ConfigSource{
				ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
			}},
		})
		assignment := &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			Locality:            &corev3.Locality{Region: "region", Zone: fmt.Sprintf("zone-%d", c)},
			LoadBalancingWeight: wrapperspb.UInt32(1),
		}}}
		for e := range endpoints {
			port := uint32(8080)
			if c == 0 && e == 0 {
				port = uint32(10000 + change%50000)
			}
			assignment.Endpoints[0].LbEndpoints = append(assignment.Endpoints[0].LbEndpoints, &endpointv3.LbEndpoint{
				HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
					Address:  socketAddress(fmt.Sprintf("10.%d.%d.1", c, e), port),
					Hostname: fmt.Sprintf("endpoint-%d-of-cluster-%d.namespace.svc.cluster", e, c),
				}},
				HealthStatus:        corev3.HealthStatus_HEALTHY,
				LoadBalancingWeight: wrapperspb.UInt32(1),
			})
		}
		edsResources = append(edsResources, assignment)
	}
	for l := range listeners {
		ldsResources = append(ldsResources, &listenerv3.Listener{
			Name: fmt.Sprintf("listener-%d", l), Address: socketAddress("127.0.0.1", uint32(15000+l)),
		})
	}
	if wasmBytes > 0 {
		code := make([]byte, wasmBytes)
		for at := range code {
			code[at] = byte(change + at*7)
		}
		packed, err := anypb.New(wrapperspb.Bytes(code))
		if err != nil {
			panic(err)
		}
		ecdsResources = append(ecdsResources, &corev3.TypedExtensionConfig{Name: "filter", TypedConfig: packed})
	}
	made, err := cachev3.NewSnapshot(fmt.Sprint(change), map[resourcev3.Type][]types.Resource{
		resourcev3.ClusterType: cdsResources, resourcev3.EndpointType: edsResources,
		resourcev3.ListenerType: ldsResources, resourcev3.ExtensionConfigType: ecdsResources,
	})
	if err != nil {
		panic(err)
	}
	return made
}

type command struct {
	Do        string `json:"do"`
	Nodes     int    `json:"nodes"`
	WasmBytes int    `json:"wasmBytes"`
}

func say(answer map[string]any) {
	line, _ := json.Marshal(answer)
	fmt.Println(string(line))
}

func resident() int {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		var kib int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}

func main() {
	perNode := len(os.Args) > 1 && os.Args[1] == "each"
	var hash cachev3.NodeHash = shared{}
	if perNode {
		hash = each{}
	}
	cache := cachev3.NewSnapshotCache(true, hash, nil)
	server := grpc.NewServer(grpc.MaxConcurrentStreams(1 << 20))
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, serverv3.NewServer(context.Background(), cache, nil))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	say(map[string]any{"port": listener.Addr().(*net.TCPAddr).Port})

	change := 0
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked command
		if json.Unmarshal(lines.Bytes(), &asked) != nil {
			continue
		}
		switch asked.Do {
		case "change":
			change++
			at := time.Now()
			if perNode {
				for n := range asked.Nodes {
					_ = cache.SetSnapshot(context.Background(), fmt.Sprintf("node-%d", n), snapshot(change, asked.WasmBytes))
				}
			} else {
				_ = cache.SetSnapshot(context.Background(), "all", snapshot(change, asked.WasmBytes))
			}
			say(map[string]any{"atMs": float64(at.UnixNano()) / 1e6})
		case "usage":
			var used syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
			say(map[string]any{
				"cpuUs":         used.Utime.Nano()/1e3 + used.Stime.Nano()/1e3,
				"residentBytes": resident(),
			})
		}
	}
}
