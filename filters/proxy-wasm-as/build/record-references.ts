import * as assemblyscript from "assemblyscript";

/** What of the records of `PerStream` does not last as long as they do. */
export interface RecordReference {
  readonly message: string;
  /** Null where it is nowhere in particular. */
  readonly range: assemblyscript.Range | null;
}

/** The code of what is said of them. */
export const RECORD_REFERENCE = 1;

const PER_STREAM = "PerStream";
const LIBRARY = "~lib/";
const kept = `what a \`${PER_STREAM}\` keeps are numbers and bools`;

/**
 * What the records of `PerStream` refer to, in a program that was compiled: by the types that it came to, whatever they are called and wherever
 * they are declared. Records stand where no garbage collector looks and the arena does not reach, so that they outlive the objects that a
 * callback makes. A function is none of those: it stands in static memory.
 */
export function recordReferences(program: assemblyscript.Program): readonly RecordReference[] {
  const prototype = program.elementsByName.get(`${LIBRARY}proxy-wasm-as/assembly/per-stream/${PER_STREAM}`);
  if (!(prototype instanceof assemblyscript.ClassPrototype)) return [];
  // By place: what several records inherit is said once.
  const found = new Map<assemblyscript.Range | null, RecordReference>();
  const add = (range: assemblyscript.Range | null, message: string): void =>
    void found.set(range, { range, message });
  const records = [...(prototype.instances?.values() ?? [])].flatMap(
    ({ typeArguments }) => typeArguments?.[0]?.getClass() ?? [],
  );
  const own = records.filter(({ internalName }) => !internalName.startsWith(LIBRARY));
  const ofLibrary = records.filter((record) => !own.includes(record));
  const names = own.map(({ prototype: { name } }) => name);
  for (const { name } of ofLibrary)
    add(useOfOther(program, names), `\`${name}\` is no class of the filter's own: ${kept}`);
  for (const record of own) {
    for (const member of record.members?.values() ?? []) {
      const field = member instanceof assemblyscript.PropertyPrototype ? member.instance : null;
      if (field?.isField !== true || !isObject(field.type)) continue;
      const name = `\`${field.name}\` of \`${record.name}\``;
      add(field.identifierNode.range, `${name} is an object, which the stream outlives: ${kept}`);
    }
  }
  return [...found.values()];
}

/** Unmanaged classes without fields, as `Request` and `Queue` are, are numbers with methods. */
function isObject(type: assemblyscript.Type): boolean {
  const found = type.getClass();
  return found !== null && !(type.isUnmanaged && found.nextMemoryOffset === 0);
}

/** Where the filter asks for records of another type than these first, if it does so by that name. */
function useOfOther(program: assemblyscript.Program, names: readonly string[]): assemblyscript.Range | null {
  for (const source of program.sources) {
    if (source.internalPath.startsWith(LIBRARY)) continue;
    const uses = source.text.matchAll(/\bPerStream\s*<\s*(\w+)/g);
    const use = [...uses].find(([, name = ""]) => !names.includes(name));
    if (use === undefined) continue;
    const range = new assemblyscript.Range(use.index, use.index + PER_STREAM.length);
    range.source = source;
    return range;
  }
  return null;
}
