// What Istio makes of YAML: its own validation, and the listeners, routes, clusters and endpoints that its own code gives each sidecar.
// Each line of the standard input is a mesh, each line of the standard output what becomes of it, as JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pilot/pkg/xds/endpoints"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
)

type request struct {
	// Kubernetes-style documents.
	Config string `json:"config"`
	// In the form of Istio's `meshConfig`; "" for its defaults.
	MeshConfig string  `json:"meshConfig"`
	Proxies    []proxy `json:"proxies"`
}

type proxy struct {
	Name           string            `json:"name"`
	Address        string            `json:"address"`
	Labels         map[string]string `json:"labels"`
	ServiceAccount string            `json:"serviceAccount"`
}

type resources struct {
	Listeners []json.RawMessage `json:"listeners"`
	Routes    []json.RawMessage `json:"routes"`
	Clusters  []json.RawMessage `json:"clusters"`
	Endpoints []json.RawMessage `json:"endpoints"`
}

type answer struct {
	Error    string               `json:"error,omitempty"`
	Warnings []string             `json:"warnings"`
	Proxies  map[string]resources `json:"proxies"`
}

func main() {
	// What it logs would stand between the answers.
	options := log.DefaultOptions()
	options.SetDefaultOutputLevel("all", log.ErrorLevel)
	options.OutputPaths = []string{"stderr"}
	if err := log.Configure(options); err != nil {
		panic(err)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		said := answer{Warnings: []string{}, Proxies: map[string]resources{}}
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := test.Wrap(func(t test.Failer) { translate(t, asked, &said) }); err != nil {
			said.Error = err.Error()
		}
		if err := out.Encode(said); err != nil {
			panic(err)
		}
	}
}

func translate(t test.Failer, asked request, said *answer) {
	// Refuses what `istioctl validate` refuses: unknown kinds and fields, and what makes no sense.
	configs, unknown, err := crd.ParseInputs(asked.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range unknown {
		t.Fatalf("%s/%s is no kind of Istio's", each.APIVersion, each.Kind)
	}
	for at := range configs {
		// As the Kubernetes client of Istio fills them in.
		each := &configs[at]
		each.Domain, each.CreationTimestamp = "cluster.local", time.Unix(0, 0)
		if each.Namespace == "" {
			each.Namespace = "default"
		}
		schema, _ := collections.PilotGatewayAPI().FindByGroupVersionAliasesKind(each.GroupVersionKind)
		warning, err := schema.ValidateConfig(*each)
		if err != nil {
			t.Fatal(err)
		}
		if warning != nil {
			said.Warnings = append(said.Warnings, fmt.Sprintf("%s %s: %v", each.GroupVersionKind.Kind, each.Name, warning))
		}
	}
	meshConfig := mesh.DefaultMeshConfig()
	if asked.MeshConfig != "" {
		if meshConfig, err = mesh.ApplyMeshConfigDefaults(asked.MeshConfig); err != nil {
			t.Fatal(err)
		}
	}
	made := core.NewConfigGenTest(t, core.TestOptions{Configs: configs, MeshConfig: meshConfig})
	for _, each := range asked.Proxies {
		sidecar := made.SetupProxy(&model.Proxy{
			ID:          each.Name + ".default",
			IPAddresses: []string{each.Address},
			Labels:      each.Labels,
			Metadata: &model.NodeMetadata{
				Namespace: "default", Labels: each.Labels, ServiceAccount: each.ServiceAccount, IstioVersion: "1.32.0",
			},
		})
		listeners, clusters := made.Listeners(sidecar), made.Clusters(sidecar)
		found := resources{
			Listeners: jsonOf(t, listeners),
			Routes:    jsonOf(t, made.RoutesFromListeners(sidecar, listeners)),
			Clusters:  jsonOf(t, clusters),
			Endpoints: []json.RawMessage{},
		}
		for _, cluster := range clusters {
			if cluster.GetEdsClusterConfig() == nil {
				continue
			}
			builder := endpoints.NewEndpointBuilder(cluster.GetName(), sidecar, made.PushContext())
			assignment := builder.BuildClusterLoadAssignment(made.Env().EndpointIndex)
			found.Endpoints = append(found.Endpoints, jsonOf(t, []*endpointv3.ClusterLoadAssignment{assignment})...)
		}
		said.Proxies[each.Name] = found
	}
}

func jsonOf[Message proto.Message](t test.Failer, messages []Message) []json.RawMessage {
	texts := []json.RawMessage{}
	for _, each := range messages {
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(each)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}
