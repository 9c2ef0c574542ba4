import type { Code } from "./codes.ts";

/** What lies behind each code, for whoever meets it the first time: why it is so, and what to do. The message itself shows the place. */
export const explanations: Readonly<Record<Code, string>> = {
  SRC0101:
    "Policies, interfaces and mesh files are UTF-8. A file in another encoding, or a binary one, is not read at all.",
  SRC0102:
    "After 20 errors in a file the rest is counted and not shown: most of them usually follow from the first ones.",

  CUP0101: "Outside of strings and comments a policy has letters, digits and the signs of the language only.",
  CUP0102:
    "A string begins and ends with the same quote, `\"` or `'`, on one line. For a line break write `\\n`.",
  CUP0103:
    "The message says what can stand here and what was found. Often the cause is just before the mark: a missing `;`, `)` or `}`.",
  CUP0104: "A comment that begins with `/*` goes on to `*/`. One that begins with `//` ends with its line.",
  CUP0105:
    "A backslash in a string begins an escape. For the character itself, as in a regular expression, write it twice.",
  CUP0201: "`act` says what the policy handles. Only the acts of the standard interface can be handled.",
  CUP0202:
    "The header of a policy, `( … )`, holds clauses, and there are no others than those that the help names.",
  CUP0203:
    "The act, or the state, has no action of this name. Where the file imports an interface, it may also be that the interface does not offer the action, although the standard one does.",
  CUP0204:
    "Too many or too few arguments, one of the wrong kind, an action that yields no value used as one, or a value that nothing is done with.",
  CUP0205:
    "Every policy says what it handles and which requests it is for: `act` and `context` cannot be left out.",
  CUP0206: "`using` and `param` may stand several times in a policy, each other clause once.",
  CUP0207: "The clause is known, and what is between its parentheses is not what it takes.",
  CUP0208:
    "A policy's name is unique among all policies of a run, in whatever file: metrics, state and placement go by it.",
  CUP0210:
    "Some actions choose where a request goes, which only the caller's proxy can. They stand under `[Egress]`, or under no heading. A heading within a block has this code, too.",
  CUP0211:
    "`if`, `&&`, `||` and `!` ask for a `bool`. Text and numbers are neither true nor false: compare them.",
  CUP0213:
    "Names go into metrics, files and configuration, so they are plain and at most 100 characters long. Filter code is called like its file, or like its folder when the file is `policy.ts`.",
  CUP0214:
    "No proxy would send such a header, or it is not for a policy to write: proxies write those of HTTP's framing themselves, an action of its own writes the one for the path, the host, retries and the like, and `x-wire-…` is how proxies talk to each other.",
  CUP0215: "There is no statement in the policy.",
  CUP0216:
    "The value has one type and the place wants another. Nothing is converted by itself but an `int` to a `float`.",
  CUP0217:
    "A header, a query parameter, a claim or a JSON field may be absent, which is not the same as empty. `??` says what to take then.",
  CUP0218: "A number without its meaning: an unknown unit, too large a value, or a division by a literal 0.",
  CUP0219: "A name stands for a parameter, or for what `let` has named before in this block or around it.",
  CUP0220: "Statements after `return`, or after a `Deny`, in the same block are never reached.",
  CUP0221:
    "A limit for each caller and a limit for the callee are different things. Without a heading the state is kept at the callee; say `[Ingress]` or `[Egress]` to choose.",
  CUP0222:
    "States, parameters, the request and the values of `let` share one set of names, and a name is given once.",
  CUP0223:
    "`using` takes a state of the interface, `param` one of the types that configuration can carry. An imported interface may offer fewer states than the standard one.",
  CUP0224:
    "State is kept in one proxy, for one worker or for all of them. One value for the whole mesh is reserved and not built yet.",
  CUP0225:
    "A `.cup` file holds at least one policy. This is an error, so that a file that was emptied by mistake does not drop its policies.",
  CUP0226:
    "Regular expressions have RE2's syntax. They are compiled with the policy, to an automaton that takes linear time; what no automaton can do, such as a back-reference, is not there.",
  CUP0227:
    "A policy's memory is bounded, and known before it runs: this one could take more for a single request than its module may have.",
  CUP0228:
    "The reference says of each argument what it may be. Where it is a literal, or the default of a parameter, a value outside of that is found here and not by a proxy.",

  CUI0101: "The message says what can stand here in an interface, and what was found.",
  CUI0102:
    "Parameters and results have the types of values, or after `const` one of the kinds of literals. The reference lists both.",
  CUI0103:
    "A name is declared once in an interface, and a data plane has one name and one cost. Several data planes are split by `---`.",
  CUI0104: "A default is a literal of the parameter's type, or `none`: nothing is passed then.",
  CUI0105: "Arguments are given by their order, so those that may be left out come last.",
  CUI0106:
    "The cost of one proxy is a number from 0 to 1000000000, in whatever unit: only its ratio to other costs counts. Or it says what a proxy takes: `{ cpu: 20mCPU, memory: 45MiB, request: 40us }`. An action costs CPU time, `cost 1.2us`.",
  CUI0107:
    "What follows the colon is the more general act: declared in this file or in an import, of the same kind, and not the thing itself.",
  CUI0201:
    "The file is not beside the importing one, or not where the path leads from there. Old policies import files that no longer exist, so the standard interface takes its place.",
  CUI0202: "Of two interfaces only one can import the other.",
  CUI0203:
    "An interface chooses among what the toolkit carries out: it can offer less than the standard interface, never something new. The parameters must be the standard's.",
  CUI0204:
    "Where a file declares several data planes, each begins with `dataplane NAME`, which placements and mesh files use.",
  CUI0205:
    "All interfaces together declare 30 data planes at most: those that offer and cost the same can be one.",
  CUI0206:
    "A placement adds up costs and compares their sums, so all of them are bare numbers, or all of them are in units. Where one data plane has units, one without a cost has the measured defaults.",
  CUI0207:
    "A `.cui` file that is named or imported says what a data plane, or a policy, can do. This is an error, so that a file that was emptied by mistake does not take a data plane away.",

  CTX0101:
    "The context is not written as contexts are. The language chapter of the reference has their grammar.",
  CTX0102:
    "Old files write `*` for one service. It is read as `.`; `*` repeats what stands before it everywhere else.",
  CTX0201: "Names in a context are the services of the mesh file, each in full.",
  CTX0202: "The mesh file gives the service other versions, or none.",
  CTX0203:
    "Old files write contexts without separators. This one can be read in several ways: write the arrows.",

  FLT0101:
    "AssemblyScript's own parser refuses the file. It is TypeScript's syntax without the dynamic parts.",
  FLT0201: "Filter code says with a constant which requests it is for, as Copper does with its clause.",
  FLT0202:
    "The compiler reads the constants without running the file, so each is a literal, and one that it takes.",
  FLT0203:
    "The proxy calls a filter by its callbacks, such as `onRequest` for each request. A file without any does nothing.",
  FLT0204: "Filter code imports from `proxy-wasm-as`. Host functions and other files are not for it.",
  FLT0205:
    "Constants that a filter exports are for the compiler. A misspelt one would silently do nothing: do not export your own.",
  FLT0206:
    "A variable outside of functions outlives the request, one for each proxy. Say on which side that is meant.",
  FLT0207:
    "Parameters are the plain fields of one class, each with a type that configuration can carry, and a literal default.",
  FLT0208:
    "Filter code that lists what it `reads` or `writes` is put in order by these lists alone, so each header that the code uses has to be in them.",
  FLT0209:
    "Names that are computed while the filter runs, and headers that go where the compiler cannot follow them, cannot be held against the lists. So these are not believed: the filter is placed as one without lists, and keeps its place among others.",
  FLT0210: "A header that is listed and not used keeps the filter in order with others for nothing.",
  FLT0211:
    "Tags are columns of the access log, which the listener names before any request comes: so their names stand in the code.",
  FLT0212:
    "A callback takes what it is given, of which parameters at the end may be left out, and where it can hold something up returns a `Flow`, or nothing to let it go on.",
  FLT0213:
    "The configuration of a policy is the mesh's, so that it hears of its parameters only. And a policy is called either for requests and responses, or for TCP connections.",
  FLT0214:
    "`onTick` is called as often as the constant `tickPeriod` says, in milliseconds, from when the policy is configured.",
  FLT0215:
    "What a callback makes goes with it, and the records of a `PerStream` stay: a text or an array in one would be somebody else's by the next callback. Keep numbers and bools.",
  FLT0216:
    "What a callback makes goes when it ends. AssemblyScript's runtime has functions with which the compiler allocates, frees and pins: called by hand, they take away what is still in use, or keep what nobody frees.",
  FLT0217:
    "A `PerStream` has memory of its own, which is never given back: made in a callback, each request takes some more, until there is none. It is made once, at the top of the file.",
  FLT0218:
    "Proxies write some headers themselves, and go by some that came: in one proxy it would mean another thing than in the next. Filter code that writes one is given `BadArgument`, and nothing changes.",
  FLT0219:
    "A body with trailers, which whoever sends it can add, has no last piece: it ends with them. Without a callback for these, what was held of it goes on unseen, or stays.",
  FLT0220:
    "Of a body Envoy keeps one copy for all filters of a proxy. One behind this one that waits, as for the answer to a call, and then lets go headers that it has held lets go with them what this one holds of the body. Where the headers are held here nobody behind has them.",
  FLT0221:
    "What a callback for a message returns is for all of it that waits: one for the body or the trailers that returns `Flow.Continue`, or nothing, lets go the headers, too. A request that waits for an answer, as of who authorises it, goes on without one as soon as some of its body comes.",

  MSH0101: "The mesh file is YAML 1.2, or JSON.",
  MSH0102: "Unknown keys are errors, so that a misspelt one is not taken for its default.",
  MSH0103: "The key is known, and its value is not one that it takes.",
  MSH0104: "The mesh cannot be read without this key.",
  MSH0201: "`calls` names services, and each of them stands under `services`.",
  MSH0202: "A call within a service passes no proxy, so nothing can be enforced on it.",
  MSH0203: "The version of an endpoint is one of those that its service has.",
  MSH0204:
    "Policies are checked, placed and explained as for callers that mutual TLS names. Proxies do not speak it yet, so that nothing is compiled or run.",
  MSH0205:
    "Requests begin at services with `entry: true`, which take them from outside, or with `origin: true`, which make them.",
  MSH0206: "No path leads to this service from where requests begin, so no policy will ever match there.",
  MSH0207:
    "With `identity: address` a proxy knows its caller by the source address, so no two services may share one.",
  MSH0208: "These loopback addresses are what `wire up` gives to the services and proxies that it starts.",
  MSH0209:
    "On one machine each service and each replica gets an address of its own, and there are only so many.",
  MSH0210:
    "`GetClaim` reads a token that Envoy has verified. Envoy can only do that with the keys of whoever signs it.",

  PRM0101:
    "A file of parameters is YAML or JSON: under the name of each policy, its parameters with their values.",
  PRM0201:
    "A value that reaches no policy is a mistake in the name, or is left over from a policy that has gone. It is an error, so that it is not thought to be in force.",
  PRM0202: "The policy declares its parameters; others it does not have.",
  PRM0203:
    "A value has the type that the policy declares, and stays within what the actions it goes to can be given.",

  PLC0101:
    "Only the path that a request has come by says whether the policy is for it. Services on the way stamp requests then, for which they need proxies. Here nobody could tell, whoever stamped.",
  PLC0102:
    "On neither side of the call is there a proxy that may enforce the policy and offers all of its actions.",
  PLC0103:
    "Each demand can be met alone, and not all of them together: headings, the order of policies, `Allow`s that are judged together, policies that stay at one side since they would mean something else on two, and data planes of which none offers all of them.",
  PLC0104:
    "The callee's proxy has to know who calls. With `identity: none` it does not, so all of its callers must be treated alike, or the policy be enforced by them.",
  PLC0105:
    "The version of the callee is chosen after the caller's proxy has enforced its policies, unless a fixed route decides it earlier.",
  PLC0106:
    "A context is made into an automaton. This one has more states than can be looked through on this mesh, or than a proxy has room for: in 64 KiB, beside as many of other contexts that it may change to.",
  PLC0107:
    "A TCP connection may carry the requests of many paths. Its own path is the caller and the callee, and no more.",
  PLC0108:
    "Neither was a placement found nor was it proved that there is none. It takes many data planes that each offer something else.",
  PLC0109:
    "With `--from`, `wire place` looks at the placement that is in force. It takes what `wire place --json` printed.",
  PLC0110:
    "Where only the paths of requests decide whether a policy is for them, their state is in the header that the mesh file names as `stateHeader`, and libraries hand on `tracestate` only beside a `traceparent`. Where a service hands on an id alone (`forwards`), proxies know the state by it. A policy that writes one of these takes the state away. Where no policy asks for paths it may.",
  PLC0201:
    "No request of this mesh takes a path that the context matches, or none goes to a version that it is for, since an earlier policy sends all of them to another one. It is a warning, since the mesh may grow.",
  PLC0202:
    "Requests from outside have no caller's proxy, so what stands under `[Egress]` is never done for them.",
  PLC0203: "The route is for requests to another service than those that the policy matches.",

  MOD0101: "AssemblyScript's compiler refuses the code, at this line of the policy.",
  MOD0102:
    "Before anything is shipped, each module is checked and run once, as a proxy would. This one asks for something that no proxy gives, such as `console`, or fails when it is run. If the policy is Copper, this is a mistake of the toolkit.",
  MOD0103: "The compiler itself failed on this policy. Nothing is shipped; change the policy, and report it.",
  MOD0104:
    "Each module is run once before it is shipped. This one went over the budget of instructions that a callback of filter code has, or did not answer within five seconds. Copper always comes to an end: look for a loop in filter code.",
  MOD0201:
    "All `Allow`s of a call are judged together, in one module. A policy between two of them, in the order of priority and name, that commutes with neither cannot be passed over.",
};
