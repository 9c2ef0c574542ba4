/**
 * A filter that does what a request tells it to, in `x-play`: parts `CALLBACK: OPERATION; OPERATION` with ` | ` between them. It logs each
 * callback that has a part, and each operation with the status and the value that came of it; bytes that are no ASCII text as `%XX`.
 */
export const probe = `
@external("wasi_snapshot_preview1", "random_get") declare function random_get(data: usize, size: usize): u32;
@external("wasi_snapshot_preview1", "environ_sizes_get") declare function environ_sizes_get(count: usize, size: usize): u32;
@external("wasi_snapshot_preview1", "environ_get") declare function environ_get(pointers: usize, texts: usize): u32;
let play = "";
let stream: u32 = 0;
let other: u32 = 0;
let root: u32 = 0;
let answer: u32 = 0;
let last: u32 = 0;
let cas: u32 = 0;
const cells: usize = memory.data(32);

function isPlain(c: u32): bool { return c > 0x20 && c < 0x7f && c != 0x25; }
function hex(n: u32): string { return String.fromCharCode(n < 10 ? 48 + n : 55 + n); }
function shown(at: usize, size: u32): string {
  let text = "";
  for (let i: u32 = 0; i < size; i++) {
    const c = load<u8>(at + i);
    text += isPlain(c) ? String.fromCharCode(c) : "%" + hex(c >> 4) + hex(c & 15);
  }
  return text;
}
function digit(c: i32): i32 { return c >= 65 ? c - 55 : c - 48; }
function raw(text: string): ArrayBuffer {
  const bytes = new Uint8Array(text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) == 0x25) { bytes[n++] = <u8>(digit(text.charCodeAt(i + 1)) * 16 + digit(text.charCodeAt(i + 2))); i += 2; }
    else bytes[n++] = <u8>text.charCodeAt(i);
  }
  return bytes.buffer.slice(0, n);
}
function p(buffer: ArrayBuffer): usize { return changetype<usize>(buffer); }
function gotten(status: u32): string { return status == 0 ? status.toString() + " " + shown(load<u32>(cells), load<u32>(cells + 4)) : status.toString(); }
function numbered(status: u32): string {
  if (status == 0) last = load<u32>(cells);
  return status == 0 ? status.toString() + " " + load<u32>(cells).toString() : status.toString();
}
function pairsOf(text: string): ArrayBuffer {
  if (text == "") return new ArrayBuffer(0);
  const list = text.split("&");
  let size = 4;
  const parts: ArrayBuffer[] = [];
  for (let i = 0; i < list.length; i++) {
    const at = list[i].indexOf("=");
    parts.push(raw(list[i].substring(0, at)));
    parts.push(raw(list[i].substring(at + 1)));
    size += 10 + parts[i * 2].byteLength + parts[i * 2 + 1].byteLength;
  }
  const made = new ArrayBuffer(size);
  store<u32>(p(made), list.length);
  let at = p(made) + 4 + list.length * 8;
  for (let i = 0; i < parts.length; i++) {
    store<u32>(p(made) + 4 + i * 4, parts[i].byteLength);
    memory.copy(at, p(parts[i]), parts[i].byteLength);
    at += parts[i].byteLength + 1;
  }
  return made;
}
function many(count: i32): ArrayBuffer {
  const size = 4 + count * 8 + count * 4;
  const made = new ArrayBuffer(size);
  store<u32>(p(made), count);
  for (let i = 0; i < count; i++) { store<u32>(p(made) + 4 + i * 8, 1); store<u32>(p(made) + 8 + i * 8, 1); }
  for (let i = 0; i < count; i++) { store<u8>(p(made) + 4 + count * 8 + i * 4, 0x78); store<u8>(p(made) + 6 + count * 8 + i * 4, 0x31); }
  return made;
}
function pairsShown(status: u32): string {
  if (status != 0) return status.toString();
  const at: usize = load<u32>(cells);
  let text = status.toString();
  if (load<u32>(cells + 4) == 0) return text + " none";
  const count = load<u32>(at);
  let value: usize = at + 4 + count * 8;
  for (let i: u32 = 0; i < count; i++) {
    const name = load<u32>(at + 4 + i * 8), size = load<u32>(at + 8 + i * 8);
    const key = shown(value, name);
    if (key.startsWith("x-") && key != "x-play" && !key.startsWith("x-envoy") && !key.startsWith("x-forwarded") && key != "x-request-id" && key != "x-echo")
      text += " " + key + "=" + shown(value + name + 1, size);
    value += name + size + 2;
  }
  return text;
}
function idOf(text: string): u32 { return text == "last" ? last : text == "self" ? stream : text == "root" ? root : text == "other" ? other : <u32>parseInt(text); }

function run(operation: string): string {
  const words = operation.split(" ");
  const w = (words.concat(["", "", "", "", "", "", ""]));
  const what = w[0];
  const k = <u32>parseInt(w[1]);
  const a = raw(w[1]), b = raw(w[2]), c = raw(w[3]);
  store<u64>(cells, 0xa5a5a5a5a5a5a5a5);
  if (what == "get") return gotten(proxy_get_header_map_value(k, p(b), b.byteLength, cells, cells + 4));
  if (what == "pairs") return pairsShown(proxy_get_header_map_pairs(k, cells, cells + 4));
  if (what == "size") { const s = proxy_get_header_map_size(k, cells); return s.toString() + (s == 0 && load<u32>(cells) > 0 ? " some" : ""); }
  if (what == "add") return proxy_add_header_map_value(k, p(b), b.byteLength, p(c), c.byteLength).toString();
  if (what == "set") return proxy_replace_header_map_value(k, p(b), b.byteLength, p(c), c.byteLength).toString();
  if (what == "del") return proxy_remove_header_map_value(k, p(b), b.byteLength).toString();
  if (what == "setpairs") { const made = pairsOf(w[2]); return proxy_set_header_map_pairs(k, p(made), made.byteLength).toString(); }
  if (what == "rawpairs") return proxy_set_header_map_pairs(k, p(b), b.byteLength).toString();
  if (what == "addmany") {
    proxy_get_header_map_pairs(k, cells, cells + 4);
    const made = many(<i32>parseInt(w[2]));
    return proxy_set_header_map_pairs(k, p(made), made.byteLength).toString();
  }
  if (what == "buf") {
    const s = proxy_get_buffer_bytes(k, <u32>parseFloat(w[2]), <u32>parseFloat(w[3]), cells, cells + 4);
    return s == 0 && load<u32>(cells + 4) == 0xa5a5a5a5 ? "0 untouched" : gotten(s);
  }
  if (what == "bufstat") { const s = proxy_get_buffer_status(k, cells, cells + 4); return s.toString() + (s == 0 ? " " + load<u32>(cells).toString() : ""); }
  if (what == "setbuf") { const v = raw(w[4]); return proxy_set_buffer_bytes(k, <u32>parseInt(w[2]), <u32>parseInt(w[3]), p(v), v.byteLength).toString(); }
  if (what == "prop") { const path = raw(w[1].replaceAll("/", "%00")); return gotten(proxy_get_property(p(path), path.byteLength, cells, cells + 4)); }
  if (what == "propsize") { const path = raw(w[1].replaceAll("/", "%00")); const s = proxy_get_property(p(path), path.byteLength, cells, cells + 4); return s.toString() + (s == 0 ? " " + load<u32>(cells + 4).toString() : ""); }
  if (what == "propstat") { const path = raw(w[1].replaceAll("/", "%00")); return proxy_get_property(p(path), path.byteLength, cells, cells + 4).toString(); }
  if (what == "setprop") return proxy_set_property(p(a), a.byteLength, p(b), b.byteLength).toString();
  if (what == "reply") {
    const details = raw(w[2]), body = raw(w[3]), headers = pairsOf(w[4]);
    return proxy_send_local_response(k, p(details), details.byteLength, p(body), body.byteLength, p(headers), headers.byteLength, w[5] == "" ? -1 : <i32>parseInt(w[5])).toString();
  }
  if (what == "cont") return proxy_continue_stream(k).toString();
  if (what == "close") return proxy_close_stream(k).toString();
  if (what == "eff") return proxy_set_effective_context(idOf(w[1])).toString();
  if (what == "done") return proxy_done().toString();
  if (what == "status") { const s = proxy_get_status(cells + 8, cells, cells + 4); return gotten(s) + " code " + load<u32>(cells + 8).toString(); }
  if (what == "time") { const s = proxy_get_current_time_nanoseconds(cells); return s.toString() + (load<u64>(cells) > 1500000000000000000 ? " now" : ""); }
  if (what == "random") {
    const made = new ArrayBuffer(k + 1), s = random_get(w[2] == "out" ? 0x7fffff00 : p(made), k);
    let written = false;
    for (let i: u32 = 0; i < k; i++) if (load<u8>(p(made) + i) != 0) written = true;
    return s.toString() + (written ? " written" : "") + (load<u8>(p(made) + k) == 0 ? "" : " too far");
  }
  if (what == "environ") {
    const s = environ_sizes_get(cells, cells + 4), count = load<u32>(cells), size = load<u32>(cells + 4);
    const pointers = new ArrayBuffer(count * 4 + 4), texts = new ArrayBuffer(size + 1);
    store<u8>(p(texts) + size, 0xa5);
    const got = environ_get(p(pointers), p(texts));
    return s.toString() + " " + count.toString() + " " + got.toString() + " " + shown(p(texts), size + 1) + (count == 0 ? "" : " at " + (load<u32>(p(pointers)) - p(texts)).toString());
  }
  if (what == "tick") return proxy_set_tick_period_milliseconds(k).toString();
  if (what == "loglevel") return numbered(proxy_get_log_level(cells));
  if (what == "log") return proxy_log(k, p(b), b.byteLength).toString();
  if (what == "sget") { const s = proxy_get_shared_data(p(a), a.byteLength, cells, cells + 4, cells + 8); if (s == 0) cas = load<u32>(cells + 8); return gotten(s); }
  if (what == "sset") return proxy_set_shared_data(p(a), a.byteLength, p(b), b.byteLength, w[3] == "cas" ? cas : w[3] == "max" ? u32.MAX_VALUE : <u32>parseInt(w[3])).toString();
  if (what == "qreg") { const s = proxy_register_shared_queue(p(a), a.byteLength, cells); if (s == 0) last = load<u32>(cells); return s.toString(); }
  if (what == "qres") { const s = proxy_resolve_shared_queue(p(a), a.byteLength, p(b), b.byteLength, cells); if (s == 0) last = load<u32>(cells); return s.toString(); }
  if (what == "qpush") return proxy_enqueue_shared_queue(idOf(w[1]), p(b), b.byteLength).toString();
  if (what == "qpop") return gotten(proxy_dequeue_shared_queue(idOf(w[1]), cells, cells + 4));
  if (what == "mdef") { const s = proxy_define_metric(k, p(b), b.byteLength, cells); if (s == 0) last = load<u32>(cells); return s.toString() + (s == 0 ? " kind " + (last & 3).toString() : ""); }
  if (what == "minc") return proxy_increment_metric(idOf(w[1]), <i64>parseInt(w[2])).toString();
  if (what == "mrec") return proxy_record_metric(idOf(w[1]), <u64>parseInt(w[2])).toString();
  if (what == "mget") { const s = proxy_get_metric(idOf(w[1]), cells); return s.toString() + (s == 0 ? " " + load<u64>(cells).toString() : ""); }
  if (what == "fetch") {
    const headers = pairsOf(w[2]), trailers = pairsOf(w[4]);
    return numbered(proxy_http_call(p(a), a.byteLength, p(headers), headers.byteLength, p(c), c.byteLength, p(trailers), trailers.byteLength, <u32>parseInt(w[5]), cells));
  }
  if (what == "gcall") {
    const message = raw(w[4]), metadata = pairsOf(w[5]);
    return numbered(proxy_grpc_call(p(a), a.byteLength, p(b), b.byteLength, p(c), c.byteLength, p(metadata), metadata.byteLength, p(message), message.byteLength, <u32>parseInt(w[6]), cells));
  }
  if (what == "gstream") {
    const metadata = pairsOf(w[4]);
    return numbered(proxy_grpc_stream(p(a), a.byteLength, p(b), b.byteLength, p(c), c.byteLength, p(metadata), metadata.byteLength, cells));
  }
  if (what == "gsend") return proxy_grpc_send(idOf(w[1]), p(b), b.byteLength, w[3] == "1").toString();
  if (what == "gcancel") return proxy_grpc_cancel(idOf(w[1])).toString();
  if (what == "gclose") return proxy_grpc_close(idOf(w[1])).toString();
  if (what == "foreign") return gotten(proxy_call_foreign_function(p(a), a.byteLength, p(b), b.byteLength, cells, cells + 4));
  if (what == "foreign0") return proxy_call_foreign_function(p(a), a.byteLength, p(b), b.byteLength, 0, 0).toString();
  if (what == "badptr") return proxy_get_header_map_value(0, 0x7fffff00, 4, cells, cells + 4).toString();
  if (what == "badout") return proxy_get_header_map_value(0, p(a), a.byteLength, 0x7fffff00, cells + 4).toString();
  if (what == "ret") { answer = k; return ""; }
  if (what == "grow") return memory.grow(k) < 0 ? "no" : "yes";
  if (what == "trap") unreachable();
  return "unknown operation";
}

function played(name: string, shownAs: string, whenAbsent: u32): u32 {
  answer = whenAbsent;
  const parts = play.split(" | ");
  for (let i = 0; i < parts.length; i++) {
    if (!parts[i].startsWith(name + ": ")) continue;
    see(">" + shownAs);
    const operations = parts[i].substring(name.length + 2).split("; ");
    for (let j = 0; j < operations.length; j++) {
      const said = run(operations[j]);
      if (said != "") see(operations[j].split(" ")[0] + " " + said);
    }
  }
  return answer;
}

export function proxy_on_context_create(id: u32, parent: u32): void { if (parent == 0) root = id; }
export function proxy_on_vm_start(id: u32, size: u32): u32 {
  play = "vm: environ; buf 6 0 99; buf 7 0 99; setprop a b"; played("vm", "vm " + size.toString(), 0); return 1;
}
export function proxy_on_configure(id: u32, size: u32): u32 {
  root = id;
  play = "configure: buf 7 0 99; buf 6 0 99; prop plugin_name; prop plugin_root_id; prop plugin_vm_id; prop xds/node/id; propstat request/path; qreg q";
  played("configure", "configure " + size.toString(), 0); play = "";
  return 1;
}
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  const key = raw("x-play");
  play = "";
  if (proxy_get_header_map_value(0, p(key), key.byteLength, cells, cells + 4) == 0) play = String.UTF8.decodeUnsafe(load<u32>(cells), load<u32>(cells + 4));
  other = stream;
  stream = id;
  return played("request", "request " + end.toString(), 0);
}
export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 { return played(end ? "lastbody" : "body", "body " + size.toString() + " " + end.toString(), end ? 0 : play.includes("| hold: 1") ? 1 : 0); }
export function proxy_on_request_trailers(id: u32, count: u32): u32 { return played("trailers", "trailers " + count.toString(), 0); }
export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 { return played("response", "response " + end.toString(), 0); }
export function proxy_on_response_body(id: u32, size: u32, end: u32): u32 { return played(end ? "lastresbody" : "resbody", "resbody " + size.toString() + " " + end.toString(), end ? 0 : play.includes("| reshold: 1") ? 1 : 0); }
export function proxy_on_response_trailers(id: u32, count: u32): u32 { return played("restrailers", "restrailers " + count.toString(), 0); }
export function proxy_on_http_call_response(id: u32, call: u32, headers: u32, body: u32, trailers: u32): void {
  played("call", "call " + (headers > 0 ? "some" : "none") + " " + body.toString() + " " + trailers.toString(), 0);
}
export function proxy_on_grpc_receive_initial_metadata(id: u32, call: u32, count: u32): void { played("gmetadata", "gmetadata", 0); }
export function proxy_on_grpc_receive(id: u32, call: u32, size: u32): void { played("gmessage", "gmessage " + size.toString(), 0); }
export function proxy_on_grpc_receive_trailing_metadata(id: u32, call: u32, count: u32): void { played("gtrailers", "gtrailers", 0); }
export function proxy_on_grpc_close(id: u32, call: u32, status: u32): void { played("gclose", "gclose " + status.toString(), 0); }
export function proxy_on_tick(id: u32): void { played("tick", "tick", 0); }
export function proxy_on_queue_ready(id: u32, queue: u32): void { last = queue; played("queue", "queue", 0); }
export function proxy_on_log(id: u32): void { played("log", "log", 0); }
export function proxy_on_done(id: u32): u32 { return played("done", "done", 1); }
export function proxy_on_delete(id: u32): void { played("delete", "delete", 0); if (play != "") see("end"); }
export function proxy_on_new_connection(id: u32): u32 { stream = id; play = ""; return 0; }
export function proxy_on_downstream_data(id: u32, size: u32, end: u32): u32 {
  if (play == "") { proxy_get_buffer_bytes(2, 0, size, cells, cells + 4); play = String.UTF8.decodeUnsafe(load<u32>(cells), load<u32>(cells + 4)); }
  return played(end ? "lastdown" : "down", "down " + size.toString() + " " + end.toString(), 0);
}
export function proxy_on_upstream_data(id: u32, size: u32, end: u32): u32 { return played("up", "up " + size.toString() + " " + end.toString(), 0); }
export function proxy_on_downstream_connection_close(id: u32, peer: u32): void { played("closed", "closed " + peer.toString(), 0); }
export function proxy_on_upstream_connection_close(id: u32, peer: u32): void { played("upclosed", "upclosed " + peer.toString(), 0); }
`;
