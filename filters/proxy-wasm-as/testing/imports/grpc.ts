import { type HostFunctions, status } from "../../abi/table.ts";
import { textOf } from "../bytes.ts";
import { createGrpc, type GrpcEvent } from "../grpc.ts";
import { readPairs } from "../pairs.ts";
import { bytesField, readMessage } from "../protobuf.ts";
import type { Root } from "../root.ts";
import type { Vm } from "../vm.ts";

/** What an id says about its kind in the last two bits. */
const isOfGrpc = (id: number): boolean => (id & 3) === 1 || (id & 3) === 2;
const isStream = (id: number): boolean => (id & 3) === 2;

/** Calls and streams of gRPC, which are always the root context's. */
export function grpcImports(
  vm: Vm,
): Pick<
  HostFunctions,
  "proxy_grpc_call" | "proxy_grpc_stream" | "proxy_grpc_send" | "proxy_grpc_cancel" | "proxy_grpc_close"
> {
  const { guest, parts } = vm;
  const { loop } = parts.proxy;
  const closed = new Set<number>();

  /** The cluster that a name or a serialized `GrpcService` means. */
  const clusterOf = (bytes: Uint8Array): string | number => {
    const service = readMessage(bytes);
    if (service === undefined) {
      const name = textOf(bytes);
      return parts.clusters.has(name) ? name : status.parse;
    }
    const envoyGrpc = readMessage(bytesField(service, 1));
    const name = envoyGrpc === undefined ? "" : textOf(bytesField(envoyGrpc, 1));
    return parts.clusters.has(name) ? name : status.badArgument;
  };

  const happened = (root: Root, id: number, event: GrpcEvent): void => {
    if (!vm.grpc.has(id)) return;
    const over = (): void => {
      root.received = {};
    };
    switch (event.kind) {
      case "metadata":
        root.received = { initialMetadata: event.map };
        vm.enter(root, "proxy_on_grpc_receive_initial_metadata", root.id, id, event.map.count);
        over();
        return;
      case "message":
        root.received = { message: event.bytes };
        vm.after(() => {
          over();
          if (!isStream(id)) vm.grpc.delete(id);
        });
        vm.enter(root, "proxy_on_grpc_receive", root.id, id, event.bytes.length);
        return;
      case "trailers":
        root.received = { trailingMetadata: event.map };
        vm.enter(root, "proxy_on_grpc_receive_trailing_metadata", root.id, id, event.map.count);
        over();
        return;
      case "close":
        root.status = { code: event.status, message: event.message };
        vm.after(() => {
          root.status = { ...root.status, message: "" };
          if (!isStream(id) || closed.has(id)) vm.grpc.delete(id);
        });
        vm.enter(root, "proxy_on_grpc_close", root.id, id, event.status);
        return;
      default:
        event satisfies never;
    }
  };

  const open = (
    kind: "call" | "stream",
    bytes: readonly Uint8Array[],
    timeoutMs: number,
    out: number,
    message?: Uint8Array,
  ): number => {
    const root = vm.context?.root;
    const [
      service = new Uint8Array(),
      name = new Uint8Array(),
      method = new Uint8Array(),
      metadata = new Uint8Array(),
    ] = bytes;
    const cluster = clusterOf(service);
    if (root === undefined) return status.badArgument;
    if (typeof cluster === "number") return cluster;
    const id = vm.nextCallId(kind === "call" ? 1 : 2);
    const end = createGrpc({
      kind,
      cluster,
      service: textOf(name),
      method: textOf(method),
      metadata: readPairs(metadata),
      timeoutMs,
      after: (nanoseconds, run) => loop.after(nanoseconds, run),
      happened(event) {
        loop.later(() => happened(root, id, event));
        loop.settle();
      },
    });
    if (message !== undefined) end.send(message, true);
    vm.grpc.set(id, end);
    loop.later(() => parts.clusters.open(end.call));
    guest.store32(out, id);
    return status.ok;
  };

  const leave = (id: number, how: "cancel" | "close"): number => {
    if (!isOfGrpc(id)) return status.badArgument;
    const end = vm.grpc.get(id);
    if (end === undefined) return status.notFound;
    if (how === "close" && isStream(id)) {
      end.halfClose();
      closed.add(id);
      if (!end.call.isOpen) vm.grpc.delete(id);
      else loop.later(() => parts.clusters.progress(end.call));
    } else {
      end.cancel();
      vm.grpc.delete(id);
    }
    return status.ok;
  };

  return {
    proxy_grpc_call(...args) {
      const [service, s, name, n, method, m, metadata, d, message, size, timeout, out] = args;
      const bytes = [
        guest.read(service, s),
        guest.read(name, n),
        guest.read(method, m),
        guest.read(metadata, d),
      ];
      return open("call", bytes, timeout, out, guest.read(message, size));
    },
    proxy_grpc_stream(service, s, name, n, method, m, metadata, d, out) {
      const bytes = [
        guest.read(service, s),
        guest.read(name, n),
        guest.read(method, m),
        guest.read(metadata, d),
      ];
      return open("stream", bytes, 0, out);
    },
    proxy_grpc_send(id, message, size, last) {
      if (!isStream(id)) return status.badArgument;
      const end = vm.grpc.get(id);
      if (end === undefined) return status.notFound;
      end.send(guest.read(message, size), last !== 0);
      loop.later(() => parts.clusters.progress(end.call));
      return status.ok;
    },
    proxy_grpc_cancel: (id) => leave(id, "cancel"),
    proxy_grpc_close: (id) => leave(id, "close"),
  };
}
