import type { Source, Span } from "../language/source.ts";
import { offered, typeOfLet } from "./calls.ts";
import { code, declarationOf, describeReceiver, describeService, documentationOf } from "./describe.ts";
import { type Place, placeAt } from "./place.ts";
import type { Workspace } from "./workspace.ts";

/** What is said of the thing at a place, in Markdown. */
export interface Hover {
  readonly text: string;
  readonly span: Span;
}

/** What an editor shows beside the cursor, in Copper and in the context of filter code. Never throws; undefined where there is nothing to say. */
export function hover(source: Source, offset: number, workspace: Workspace = {}): Hover | undefined {
  const place = placeAt(source, offset);
  const text = place && textOf(place, workspace);
  return text === undefined || place === undefined ? undefined : { text, span: place.span };
}

function textOf(place: Place, { mesh }: Workspace): string | undefined {
  switch (place.kind) {
    case "service": {
      const service = mesh?.mesh?.services.get(place.name);
      return mesh && service ? describeService(service, mesh) : undefined;
    }
    case "version": {
      const version = mesh?.mesh?.services.get(place.service)?.versions.get(place.name);
      if (version === undefined) return undefined;
      const { replicas } = version;
      return `${code(`${place.service}@${place.name}`)}\n\n${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
    }
    case "action": {
      const { receiver, signature } = place;
      return [code(declarationOf(receiver, signature)), documentationOf(signature.name, signature)]
        .filter((part) => part !== "")
        .join("\n\n");
    }
    case "name": {
      const { kind, name, type, span } = place.declaration;
      const known = kind === "let" ? typeOfLet(place.doc, span.start) : type;
      const receiver = kind === "request" || kind === "state" ? offered.receivers.get(type ?? "") : undefined;
      const title = code(`${words[kind]} ${known === undefined ? "" : `${known} `}${name}`);
      return receiver === undefined ? title : `${title}\n\n${receiver.documentation}`;
    }
    case "receiver":
      return describeReceiver(place.receiver);
    case "word":
      return place.documentation;
    default:
      return place satisfies never;
  }
}

const words = { request: "act", state: "using", parameter: "param", let: "let" } as const;
