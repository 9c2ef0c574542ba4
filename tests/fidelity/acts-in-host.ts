import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { type ActOutcome, codeOf, type Play } from "./acts.ts";

/** Play it in a host of its own, whatever the ones before have done to theirs. */
export function playInHost(bytes: Uint8Array, play: Play): ActOutcome {
  const host = createHost(bytes, { allowOnHeadersStopIteration: true });
  const isBack = play.place > 3;
  // What a callback of the response calls for answers when all of that has come: too late, where it goes on.
  host.onFetch("ok", isBack ? undefined : () => ({ body: "yes" }));
  host.onFetch("break", isBack ? undefined : () => "fail");
  const headers = [
    [":method", "POST"],
    [":path", "/"],
    [":authority", "acts"],
    ["x-act", codeOf(play)],
    ["x-id", "1"],
  ] as const;
  const stream = host.open({ headers, isUnfinished: true });
  // What is called for has answered before the next piece comes.
  for (const body of ["ab", "cd"]) stream.send({ body, isUnfinished: true });
  stream.send(play.trailers ? { trailers: [["t", "1"]] } : {});
  stream.respond({
    body: play.trailersBack ? ["ok"] : ["ok", ""],
    ...(play.trailersBack ? { trailers: [["t", "1"]] } : {}),
  });
  if (isBack && stream.result().response === undefined)
    for (const fetch of host.fetches) {
      if (fetch.cluster === "ok") fetch.answer({ body: "yes" });
      else fetch.fail();
    }
  stream.end();
  const { response, requestBody, requestTrailers, logs } = stream.result();
  return {
    status: response?.status ?? 0,
    body: response?.body ?? "",
    trailers: (response?.trailers.length ?? 0) > 0,
    got: response?.status === 200 ? [requestBody + (requestTrailers.length > 0 ? "+t" : "")] : [],
    lines: [...logs.map(({ message }) => message), ...(host.failure === null ? [] : [host.failure])].map(
      (line) => line.replace(/^#\d+ /, ""),
    ),
  };
}
