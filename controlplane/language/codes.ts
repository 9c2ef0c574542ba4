/**
 * Every diagnostic code and what it is about. Each has a golden case in tests/policies/error-*.
 * Codes are never reused; a retired one stays here as a comment. Hundreds: 01 how it is written, 02 what it means.
 */
export const codes = {
  // Any file
  SRC0101: "file that is not text",
  SRC0102: "more errors than are shown",

  // Copper
  CUP0101: "character that Copper does not have",
  CUP0102: "string without its closing quote",
  CUP0103: "something else was expected here",
  CUP0104: "comment that does not end",
  CUP0105: "escape that strings do not have",
  CUP0201: "unknown act",
  CUP0202: "unknown clause",
  CUP0203: "unknown action",
  CUP0204: "wrong arguments",
  CUP0205: "missing clause",
  CUP0206: "clause given twice",
  CUP0207: "value that a clause does not take",
  CUP0208: "two policies with one name",
  // CUP0209: state and parameters, before there were any
  CUP0210: "action on a side where it cannot be enforced",
  CUP0211: "not a condition",
  // CUP0212: policies for `Connection`, before they were enforced
  CUP0213: "name that a policy of either form cannot have",
  CUP0214: "header that cannot be read or set",
  CUP0215: "policy that does nothing",
  CUP0216: "value of another type",
  CUP0217: "value that may be absent",
  CUP0218: "number that cannot be read or divided by",
  CUP0219: "unknown name of a value",
  CUP0220: "statement that is never reached",
  CUP0221: "state without a heading",
  CUP0222: "name that is taken",
  CUP0223: "unknown kind of state or type of parameter",
  CUP0224: "state of the whole mesh",
  CUP0225: "file without a policy",
  CUP0226: "regular expression that cannot be compiled",
  CUP0227: "policy that may take more memory than there is",
  CUP0228: "value that an action cannot be given",

  // Interfaces; what is wrong with their characters, strings and comments has the codes of Copper
  CUI0101: "something else was expected in an interface",
  CUI0102: "unknown type",
  CUI0103: "declared twice",
  CUI0104: "default that does not fit its type",
  CUI0105: "parameter that must be given, after one that need not be",
  CUI0106: "cost that is none",
  CUI0107: "parent that is missing, of another kind, or the thing itself",
  CUI0201: "import that is not found",
  CUI0202: "interfaces that import each other in a circle",
  CUI0203: "declaration that nothing carries out",
  CUI0204: "data plane without a name",
  CUI0205: "more data planes than there can be",
  CUI0206: "costs that cannot be compared",
  CUI0207: "interface that declares nothing",

  // Contexts, in Copper and in filter code
  CTX0101: "context that cannot be read",
  CTX0102: "bare `*` as an element",
  CTX0201: "unknown service",
  CTX0202: "unknown version",
  CTX0203: "name that can be split in several ways",

  // Filter code
  FLT0101: "AssemblyScript that cannot be read",
  FLT0201: "filter without a context",
  FLT0202: "constant with a value that it does not take",
  FLT0203: "filter without a callback",
  FLT0204: "import that filter code does not have",
  FLT0205: "exported constant that the compiler does not know",
  FLT0206: "state that outlives a request, without a side",
  FLT0207: "parameter of filter code that cannot be configured",
  FLT0208: "header that filter code uses and does not list",
  FLT0209: "use of headers that cannot be held against the lists",
  FLT0210: "listed header that filter code does not use",
  FLT0211: "tag of the access log whose name is not in the code",
  FLT0212: "callback with parameters or a result that it does not have",
  FLT0213: "callback that a policy does not have",
  FLT0214: "timer without a period, or a period without a timer",
  FLT0215: "object in what is kept of a stream",
  FLT0216: "memory that is managed by hand",
  FLT0217: "record of streams that is made again and again",
  FLT0218: "header that filter code cannot write",
  FLT0219: "body that is held without its trailers",
  FLT0220: "body that is held without its headers",
  FLT0221: "message that goes on before it is resumed",

  // Parameter files
  PRM0101: "parameter file that cannot be read",
  PRM0201: "values for an unknown policy",
  PRM0202: "value for an unknown parameter",
  PRM0203: "value that a parameter does not take",

  // Mesh files
  MSH0101: "file that is not YAML",
  MSH0102: "unknown key",
  MSH0103: "value that a key does not take",
  MSH0104: "missing key",
  MSH0201: "call of an unknown service",
  MSH0202: "service that calls itself",
  MSH0203: "endpoint of an unknown version",
  MSH0204: "identity that cannot be run yet",
  MSH0205: "mesh that no request enters",
  MSH0206: "service that no request reaches",
  MSH0207: "address that does not say who calls",
  MSH0208: "address that is given to something else",
  MSH0209: "more than there are addresses or ports for",
  MSH0210: "claim of a token that nobody's keys are known for",

  // Placement
  PLC0101: "context that no proxy can decide",
  PLC0102: "no data plane offers what a policy needs",
  PLC0103: "constraints that no placement meets",
  PLC0104: "callers that cannot be told apart",
  PLC0105: "version that the caller's proxy does not know",
  PLC0106: "context with too many states",
  PLC0107: "context that a connection does not decide",
  PLC0108: "no placement found in the time allowed",
  PLC0109: "last placement that cannot be read",
  PLC0110: "policy that writes over the paths of requests",
  PLC0201: "policy that is enforced nowhere",
  PLC0202: "statements that are enforced nowhere",
  PLC0203: "route that is never taken",

  // Modules
  MOD0101: "policy that does not compile",
  MOD0102: "module that a proxy would refuse",
  MOD0103: "policy on which the compiler crashed or ran out of time",
  MOD0104: "policy that does not come to an end",
  MOD0201: "policy between `Allow`s that are judged together",
} as const;

/** A key of the table of codes, e.g. `CUP0203`. */
export type Code = keyof typeof codes;
