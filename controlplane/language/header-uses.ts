import * as assemblyscript from "assemblyscript";
import {
  isCall,
  isFunction,
  isIdentifier,
  isImport,
  isImportedName,
  isNew,
  isParameter,
  isProperty,
  isVariableLike,
  isWrapper,
  type Node,
  nodesIn,
  parentsIn,
} from "../../filters/proxy-wasm-as/syntax/tree.ts";
import { constantsIn, textsOf, unwrapped } from "./filter-texts.ts";

/** The list of filter code that a header has to be in. */
export type HeaderList = "reads" | "writes";

/** A place that reads or writes a header; without names where they are computed. */
export interface HeaderUse {
  readonly list: HeaderList;
  readonly node: Node;
  readonly names: readonly string[] | undefined;
  /** Of the SDK's `Headers`, where it is one of these: `set`, `remove`. */
  readonly method?: string;
}

/** What filter code does with headers. `lost` are the places from where on nobody can say which: something else may use any of them. */
export interface HeaderUses {
  readonly uses: readonly HeaderUse[];
  readonly lost: readonly Node[];
}

/** What the methods of the SDK's `Headers` do to a header. */
export const headerMethods: ReadonlyMap<string, HeaderList> = new Map([
  ["get", "reads"],
  ["getAll", "reads"],
  ["getJoined", "reads"],
  ["has", "reads"],
  ["entries", "reads"],
  ["set", "writes"],
  ["add", "writes"],
  ["remove", "writes"],
  ["replaceAll", "writes"],
]);
const ofAll: readonly string[] = ["entries", "replaceAll"];

/** What requests, responses and answers call theirs. */
const sources: readonly string[] = ["headers", "trailers"];

/** What makes headers of a number, or changes a text that stands in the code. */
const unsafe: readonly string[] = ["changetype", "call_indirect", "load", "store", "memory"];

/** The properties of Envoy that come from a header. */
const properties: ReadonlyMap<string, string> = new Map([
  ["request.path", ":path"],
  ["request.query", ":path"],
  ["request.host", ":authority"],
  ["request.scheme", ":scheme"],
  ["request.method", ":method"],
  ["request.referer", "referer"],
  ["request.useragent", "user-agent"],
  ["request.id", "x-request-id"],
  ["response.code", ":status"],
]);

/**
 * Follow the headers through the nodes of a file. Types are not known here, so that it goes by what code can do with a value at all: it is
 * the receiver of a method, begins a variable, is given to a function of this file, or returned by one. In each other place it is lost.
 */
export function headerUses(all: readonly Node[]): HeaderUses {
  const flow = new HeaderFlow(all);
  const uses = [...flow.usesOfHeaders(), ...flow.usesOfStatus(), ...flow.usesOfProperties()];
  const lost = new Set([...flow.lost, ...flow.unsafe()]);
  return {
    uses: uses.sort((a, b) => a.node.range.start - b.node.range.start),
    lost: [...lost].sort((a, b) => a.range.start - b.range.start),
  };
}

class HeaderFlow {
  /** Filled while the headers are followed. */
  readonly lost: Node[] = [];
  private readonly all: readonly Node[];
  private readonly parents: ReadonlyMap<Node, Node>;
  private readonly constants: ReadonlyMap<string, assemblyscript.Expression>;
  private readonly variables: ReadonlyMap<string, readonly (assemblyscript.ParameterNode | Variable)[]>;
  /** How the file calls the SDK's `Headers`. */
  private readonly types: ReadonlySet<string>;
  /** Functions of this file that nothing else in it shares the name of. */
  private readonly functions: ReadonlyMap<string, assemblyscript.FunctionDeclaration>;
  /** Variables and parameters that hold headers. */
  private readonly holders = new Set<string>();
  /** Functions that return headers. */
  private readonly makers = new Set<string>();

  constructor(all: readonly Node[]) {
    this.all = all;
    this.parents = parentsIn(all);
    this.constants = constantsIn(all);
    this.types = new Set(["Headers", ...this.importedAs("Headers")]);
    this.variables = Map.groupBy(
      all.filter((node) => isVariableLike(node) || isParameter(node)),
      ({ name }) => name.text,
    );
    const named = Map.groupBy(all.filter(isFunction), ({ name }) => name.text);
    this.functions = new Map(
      [...named].flatMap(([name, [only, ...others]]) =>
        only === undefined || others.length > 0 || this.variables.has(name) || isGeneric(only)
          ? []
          : [[name, only]],
      ),
    );
  }

  usesOfHeaders(): readonly HeaderUse[] {
    for (const node of this.all) {
      if ((isParameter(node) || isVariable(node)) && this.isOfType(node.type))
        this.holders.add(node.name.text);
      if (isFunction(node) && this.isOfType(node.signature.returnType)) this.makers.add(node.name.text);
    }
    // What holds headers may come to do so by what stands further down.
    for (let before = -1; before < this.holders.size + this.makers.size; ) {
      before = this.holders.size + this.makers.size;
      for (const value of this.values()) this.follow(value, []);
    }
    const values = new Set(this.values());
    const ambiguous = new Set([...this.holders].filter((name) => this.isAmbiguous(name, values)));
    const lost = new Set<Node>();
    const found: HeaderUse[] = [];
    for (const value of values) {
      if (isIdentifier(value) && ambiguous.has(value.text)) lost.add(value);
      else this.follow(value, found, lost);
    }
    this.lost.push(...lost);
    return found;
  }

  /** Of a response, the status is a header. */
  usesOfStatus(): readonly HeaderUse[] {
    const responses = ["Response", ...this.importedAs("Response")];
    const answers = ["Answer", "GrpcAnswer", ...this.importedAs("Answer"), ...this.importedAs("GrpcAnswer")];
    const isThere = this.all
      .filter(isIdentifier)
      .some(({ text }) => text === "response" || responses.includes(text));
    if (!isThere) return [];
    const found: HeaderUse[] = [];
    for (const node of this.all.filter(isProperty)) {
      if (node.property.text !== "status") continue;
      const receiver = unwrapped(node.expression);
      const types = isIdentifier(receiver)
        ? this.declared(receiver.text).map(({ type }) => nameOf(type))
        : [];
      if (types.length > 0 && types.every((type) => answers.includes(type))) continue;
      if (types.length > 0 && types.every((type) => responses.includes(type)))
        found.push({ list: "reads", node: node.property, names: [":status"] });
      else this.lost.push(node.property);
    }
    return found;
  }

  usesOfProperties(): readonly HeaderUse[] {
    const imported = this.importedAs("properties");
    const found: HeaderUse[] = [];
    for (const node of this.all.filter(isIdentifier)) {
      if (!imported.includes(node.text)) continue;
      const parent = this.parents.get(node);
      if (parent === undefined || isImportedName(parent)) continue;
      if (!isProperty(parent) || parent.expression !== node) {
        this.lost.push(node);
        continue;
      }
      const group = parent.property.text;
      const outer = this.parents.get(parent);
      if (group.startsWith("get")) {
        const [path] = outer !== undefined && isCall(outer) ? outer.args : [];
        const texts = path && textsOf(path, this.constants);
        if (texts?.every((text) => !/^(?:request|response)\b/.test(text)) !== true) this.lost.push(node);
      } else if (group === "request" || group === "response") {
        if (outer === undefined || !isProperty(outer)) this.lost.push(node);
        const name =
          outer && isProperty(outer) ? properties.get(`${group}.${outer.property.text}`) : undefined;
        if (name !== undefined) found.push({ list: "reads", node: parent, names: [name] });
      }
    }
    return found;
  }

  /** What can have headers without taking them from a request. */
  unsafe(): readonly Node[] {
    const foreign = this.importedAs("foreign");
    return this.all.filter((node) => {
      // Everything of the SDK, by whatever name.
      if (isImport(node)) return node.namespaceName !== null;
      if (!isIdentifier(node)) return false;
      const parent = this.parents.get(node);
      if (unsafe.includes(node.text)) return !(parent && isProperty(parent) && parent.property === node);
      if (parent !== undefined && isImportedName(parent)) return false;
      if (foreign.includes(node.text)) return true;
      return this.types.has(node.text) && !this.isPlainType(node);
    });
  }

  private importedAs(name: string): readonly string[] {
    return this.all
      .filter(isImportedName)
      .filter(({ foreignName }) => foreignName.text === name)
      .map(({ name: local }) => local.text);
  }

  private isOfType(type: assemblyscript.TypeNode | null): boolean {
    return this.types.has(nameOf(type));
  }

  private declared(name: string): readonly (assemblyscript.ParameterNode | Variable)[] {
    return this.variables.get(name) ?? [];
  }

  /** The expressions that are headers. */
  private values(): readonly Node[] {
    return this.all.filter((node) => {
      if (isProperty(node)) return sources.includes(node.property.text);
      if (isNew(node)) return this.types.has(node.typeName.identifier.text);
      if (isCall(node)) return isIdentifier(node.expression) && this.makers.has(node.expression.text);
      return isIdentifier(node) && this.holders.has(node.text) && this.isValue(node);
    });
  }

  /** Whether this name stands for what it holds. */
  private isValue(node: assemblyscript.IdentifierExpression): boolean {
    const parent = this.parents.get(node);
    if (parent === undefined) return false;
    if (isProperty(parent)) return parent.expression === node;
    if (isParameter(parent) || isVariableLike(parent)) return parent.initializer === node;
    if (parent.kind === assemblyscript.NodeKind.TypeName || isFunction(parent)) return false;
    return true;
  }

  /** One that is headers here and something else there. */
  private isAmbiguous(name: string, values: ReadonlySet<Node>): boolean {
    return this.declared(name).some((node) => {
      if (this.isOfType(node.type)) return false;
      const { initializer } = node;
      if (isParameter(node) || initializer === null) return true;
      return !values.has(unwrapped(initializer));
    });
  }

  /** Where a value goes. */
  private follow(value: Node, uses: HeaderUse[], lost = new Set<Node>()): void {
    let node = value;
    let parent = this.parents.get(node);
    while (parent !== undefined && isWrapper(parent)) {
      node = parent;
      parent = this.parents.get(node);
    }
    if (parent === undefined) return;
    if (isProperty(parent)) {
      const list = headerMethods.get(parent.property.text);
      const call = this.parents.get(parent);
      // Headers have nothing else, so that this is something else.
      if (list === undefined) return;
      if (call === undefined || !isCall(call) || call.expression !== parent) {
        lost.add(parent);
        return;
      }
      const [name] = call.args;
      const isAll = ofAll.includes(parent.property.text);
      const names = name === undefined || isAll ? undefined : textsOf(name, this.constants);
      const method = parent.property.text;
      uses.push({ list, node: isAll || name === undefined ? parent.property : name, names, method });
    } else if (isVariable(parent) && parent.initializer === node) this.holders.add(parent.name.text);
    else if (isCall(parent) && parent.expression !== node && isIdentifier(parent.expression)) {
      const parameter = this.functions.get(parent.expression.text)?.signature.parameters[
        parent.args.indexOf(node as assemblyscript.Expression)
      ];
      if (parameter === undefined) lost.add(value);
      else this.holders.add(parameter.name.text);
    } else if (parent.kind === assemblyscript.NodeKind.Return) {
      const maker = this.functionAround(parent);
      if (maker === undefined) lost.add(value);
      else this.makers.add(maker);
    } else if (!this.isAssigned(value, parent)) lost.add(value);
  }

  /** The headers of a question are a list, and those of a request are not assigned to. */
  private isAssigned(value: Node, parent: Node): boolean {
    return (
      isProperty(value) &&
      parent.kind === assemblyscript.NodeKind.Binary &&
      (parent as assemblyscript.BinaryExpression).operator === assemblyscript.Token.Equals &&
      (parent as assemblyscript.BinaryExpression).left === value
    );
  }

  private functionAround(node: Node): string | undefined {
    let around = this.parents.get(node);
    while (around !== undefined && around.kind !== assemblyscript.NodeKind.MethodDeclaration) {
      if (isFunction(around)) {
        const name = around.name.text;
        return this.functions.get(name) === around && !this.isExpression(around) ? name : undefined;
      }
      around = this.parents.get(around);
    }
    return undefined;
  }

  private isExpression(node: assemblyscript.FunctionDeclaration): boolean {
    return this.parents.get(node)?.kind === assemblyscript.NodeKind.Function;
  }

  /** Whether this is the type of a parameter, a variable, a result or an assertion, where what it is about is followed. */
  private isPlainType(node: Node): boolean {
    const name = this.parents.get(node);
    const type = name && this.parents.get(name);
    if (name?.kind !== assemblyscript.NodeKind.TypeName || type === undefined) return false;
    if (isNew(type)) return true;
    const of = this.parents.get(type);
    if (of === undefined || nameOf(type) === "") return false;
    if (isParameter(of) || isVariable(of)) return of.type === type;
    if (isWrapper(of)) return true;
    if (of.kind !== assemblyscript.NodeKind.FunctionType) return false;
    const owner = this.parents.get(of);
    return owner !== undefined && isFunction(owner) && this.functions.get(owner.name.text) === owner;
  }
}

type Variable = assemblyscript.VariableLikeDeclarationStatement;

/** A variable or constant; fields are asked for through objects, which are not followed. */
function isVariable(node: Node): node is Variable {
  return node.kind === assemblyscript.NodeKind.VariableDeclaration;
}

function isGeneric({ typeParameters }: assemblyscript.FunctionDeclaration): boolean {
  return typeParameters !== null && nodesIn(typeParameters).length > 0;
}

/** The name of a type that is no more than one. */
function nameOf(type: Node | null): string {
  if (type?.kind !== assemblyscript.NodeKind.NamedType) return "";
  const { name, typeArguments } = type as assemblyscript.NamedTypeNode;
  return name.next === null && (typeArguments ?? []).length === 0 ? name.identifier.text : "";
}
