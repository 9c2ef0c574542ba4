import { JSONParser } from "@streamparser/json";

/** Takes the text of a JSON file in pieces, one document or one on each line, and hands on the elements of some lists in it. */
export interface JsonReader {
  write(text: string): void;
  end(): void;
}

export interface JsonListener {
  /** `list` is the key of the list; `line` is where the element ends. */
  value(list: string, value: unknown, line: number): void;
  fault(line: number, message: string): void;
}

/** The elements of the lists `keys` of each document, as they come: never more than one of them is held. After a mistake it goes on with the next line that begins a document. */
export function createJsonReader(keys: readonly string[], listener: JsonListener): JsonReader {
  let line = 1;
  let parser: JSONParser | undefined = parserFor();
  /** Of a line that has not ended yet: whether it has been given to a parser, or skipped. */
  let isWithin = false;

  function parserFor(): JSONParser {
    // Documents follow each other without anything between them but space.
    const made = new JSONParser({
      paths: keys.map((key) => `$.${key}.*`),
      keepStack: false,
      separator: "",
    });
    made.onValue = ({ value, stack }) => listener.value(String(stack[1]?.key ?? ""), value, line);
    return made;
  }

  function give(text: string): void {
    if (parser === undefined) {
      if (isWithin || !text.startsWith("{")) return;
      parser = parserFor();
    }
    try {
      parser.write(text);
    } catch (error) {
      parser = undefined;
      listener.fault(line, `not JSON: ${unexpected(error)}`);
    }
  }

  return {
    write(text) {
      const pieces = text.split("\n");
      for (const [index, piece] of pieces.entries()) {
        if (index > 0) {
          line++;
          isWithin = false;
        }
        const isLast = index === pieces.length - 1;
        if (piece !== "" || !isLast) give(isLast ? piece : `${piece}\n`);
        isWithin = piece !== "";
      }
    },
    end() {
      if (parser === undefined || parser.isEnded) return;
      try {
        parser.end();
      } catch {
        listener.fault(line, "not JSON: the file ends within a value");
      }
    },
  };
}

/** What the parser says was wrong, without the names of its states. */
function unexpected(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const [, character] = /^Unexpected "(.)" at /s.exec(message) ?? [];
  if (character === "\n" || character === "\r") return "a text goes on after the end of a line";
  const [, kind, token] = /^Unexpected (\w+) \((.*)\) in state /.exec(message) ?? [];
  const found = character ?? (kind === "STRING" ? token : token?.replaceAll('"', ""));
  const isShown = found !== undefined && /^[!-~]{1,40}$/.test(found);
  return isShown ? `\`${found}\` cannot stand there` : "what stands there is none of it";
}
