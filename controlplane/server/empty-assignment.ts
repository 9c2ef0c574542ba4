import { create } from "@bufbuild/protobuf";
import { ClusterLoadAssignmentSchema } from "../xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { type Resource, resource } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";

/** No endpoints, which a client takes as an answer (xds.md P24). */
export function emptyAssignment(cluster: string): Resource {
  return resource(
    cluster,
    typeUrl.endpoints,
    ClusterLoadAssignmentSchema,
    create(ClusterLoadAssignmentSchema, { clusterName: cluster }),
  );
}
