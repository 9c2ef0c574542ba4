import { ofConnections } from "./coverage.ts";
import type { Fault } from "./mutate.ts";

type Mutation = (text: string) => string;

/** One piece of code for another, everywhere: a generator is wrong every time. */
function swap(from: RegExp, to: string): Mutation {
  return (text) => text.replace(new RegExp(from.source, "gm"), to);
}

/** Another function of the same file of the SDK, under the name of the right one. */
function instead(right: string, wrong: string): Mutation {
  return swap(new RegExp(`^(import \\{(?:[^}]*,)? ?)${right}(?=[ ,][^}]*\\})`), `$1${wrong} as ${right}`);
}

/** A function of this module instead of the SDK's. */
function by(name: string, definition: string): Mutation {
  return (text) => {
    const calling = text.replace(new RegExp(`\\b${name}\\(`, "g"), `wrong_${name}(`);
    return calling === text ? text : `${calling}\nfunction wrong_${name}${definition}\n`;
  };
}

/** Statements that call this are left out. */
function without(name: string): Mutation {
  return swap(new RegExp(`^( +)${name}\\(.*\\); // line (\\d+)$`), "$1// line $2");
}

/** Two lines that follow each other, in the other order. */
const reversed: Mutation = swap(/^( +if \(runs\(\d+\)\).*\n)( +if \(runs\(\d+\)\).*\n)/, "$2$1");

// Faults that are about the same actions share their scenarios.
const texts: readonly string[] = ["string.StartsWith", "string.EndsWith", "string.ToLower"];
const states: readonly string[] = [
  "Counter.Increment",
  "Counter.GetCount",
  "Timer.Reset",
  "Timer.IsTimeSince",
];
const access: readonly string[] = ["Deny", "Count", "Allow"];
const connections: readonly string[] = ["CountBytes", ...["Allow", "Deny"].map(ofConnections)];
const headers: readonly string[] = ["AddHeader", "GetHeaders"];
const bodies: readonly string[] = ["GetBodySize", "GetJsonField"];
const chances: readonly string[] = ["SplitByWeight", "InjectAbort", "InjectDelay"];

/** Mistakes that a generator could make; the property of `hunt` has to find each of them. */
export const faults: readonly Fault[] = [
  // Operators
  { name: "== for !=, of numbers", code: swap(/ != /, " == ") },
  { name: "!= for ==, of numbers", code: swap(/ == /, " != ") },
  { name: "== for !=, of texts", code: swap(/!equal\(/, "equal(") },
  { name: "&& for ||", code: swap(/ \|\| /, " && ") },
  { name: "|| for &&", code: swap(/ && /, " || ") },
  { name: "> for >=", code: swap(/ >= /, " > ") },
  { name: "< for <=", code: swap(/ <= /, " < ") },
  { name: ">= for >", code: swap(/ > /, " >= ") },
  { name: "- for +", code: swap(/ \+ /, " - ") },
  { name: "+ for *", code: swap(/ \* /, " + ") },
  { name: "the sign is lost", code: swap(/-\(/, "(") },
  { name: "the negation is lost", code: swap(/!\(/, "(") },
  { name: "% for /", code: instead("divide", "remainder") },
  {
    name: "texts are joined the wrong way round",
    code: by("concat", "(a: u64, b: u64): u64 { return concat(b, a); }"),
  },
  { name: "?? takes the right side always", code: by("orElse", "(a: u64, b: u64): u64 { return b; }") },
  { name: "?? takes the left side always", code: by("orElse", "(a: u64, b: u64): u64 { return a; }") },
  // Statements
  { name: "the branches are swapped", code: swap(/^( *)if \((?!runs)(.*)\) \{ \/\//, "$1if (!($2)) { //") },
  { name: "else is lost", code: swap(/^( *)\} else \{$/, "$1} {") },
  { name: "return is lost", code: swap(/^( *)return; \/\//, "$1//") },
  { name: "Deny does not end the policy", about: access, code: swap(/return deny\(/, "deny(") },
  { name: "SetHeader is left out", code: without("setHeader") },
  {
    name: "Increment is left out",
    about: states,
    code: without("increment"),
  },
  // Actions and their arguments
  { name: "SetHeader for AddHeader", about: headers, code: instead("addHeader", "setHeader") },
  { name: "the first value for all values", about: headers, code: instead("getHeaders", "getHeader") },
  { name: "any value for the first one", about: headers, code: instead("getHeader", "getHeaders") },
  { name: "EndsWith for StartsWith", about: ["string.StartsWith"], code: instead("startsWith", "endsWith") },
  { name: "Contains for EndsWith", about: texts, code: instead("endsWith", "contains") },
  {
    name: "ToLower changes nothing",
    about: texts,
    code: by("toLower", "(text: u64): u64 { return text; }"),
  },
  {
    name: "a limit is off by one",
    about: bodies,
    code: swap(/\b(getBodySize|getJsonField)\((.*?)(\d+)\)/, "$1($2$3 - 1)"),
  },
  { name: "numbers are off by one", code: swap(/<i64>(\d{1,4})\b/, "<i64>($1 + 1)") },
  {
    name: "durations are a thousand times too short",
    about: states,
    code: swap(/<i64>(\d+)000000\b/, "<i64>$1000"),
  },
  {
    name: "the states are swapped",
    about: states,
    code: swap(/\b(increment|getCount)\(S0/, "$1(S0 + SLOT"),
  },
  { name: "literals are cut", code: swap(/(memory\.data<u8>\(\[[^\]]+\]\), )(\d+)\)/, "$1$2 - 1)") },
  { name: "another status", about: access, code: swap(/\bdeny\((\d+)/, "deny($1 + 1") },
  // Bodies in pieces
  {
    name: "the first piece of a body is all of it",
    about: bodies,
    code: swap(/^ *if \(last == 0 && size <= \d+\) return 1;\n/, ""),
  },
  {
    name: "the last piece of a body is waited for in vain",
    about: bodies,
    code: swap(/^( *)if \(last == 0 && (size <= \d+)\) return 1;/, "$1if ($2) return 1;"),
  },
  {
    name: "trailers do not end a body",
    about: bodies,
    code: swap(/export function proxy_on_(request|response)_trailers/, "export function unused_$1"),
  },
  // Parameters that are not as they were written
  {
    name: "a bool parameter keeps its default",
    where: "tuned",
    code: swap(/\bparameterBool\(\d+, \d+\)/, "true"),
  },
  {
    name: "a float parameter keeps its default",
    where: "tuned",
    code: swap(/\bparameterFloat\(\d+, \d+\)/, "<f64>0.5"),
  },
  // Chance
  {
    name: "the weights are swapped",
    about: chances,
    code: swap(
      /\bsplitByWeight\(([^,]+, [^,]+), (<i64>\d+), ([^,]+), (<i64>\d+)\)/,
      "splitByWeight($1, $4, $3, $2)",
    ),
  },
  {
    name: "a percentage is what it leaves",
    about: chances,
    code: swap(/\b(injectDelay|injectAbort)\((.*), (<f64>[\d.]+)\);/, "$1($2, <f64>100 - $3);"),
  },
  // Policies
  { name: "Allows are not judged", about: access, code: swap(/^ *judge\(\);\n/, "") },
  { name: "Allow is left out", about: access, code: without("allow") },
  { name: "policies in the wrong order", code: reversed },
  { name: "policies run for every peer", code: swap(/if \(runs\(\d+\)\) /, "") },
  { name: "a policy runs when another one is to", code: swap(/runs\(1\)/, "runs(0)") },
  {
    name: "responses are forgotten",
    code: swap(/export function proxy_on_response_headers/, "export function unused"),
  },
  { name: "the last policy is forgotten", code: swap(/^ *if \(runs\(\d+\)\).*\n(?= *return)/, "") },
  // Connections
  {
    name: "what is denied stays open",
    about: connections,
    where: "connections",
    code: swap(/\breturn closeConnection\(\);/, "return;"),
  },
  {
    name: "bytes are counted where another policy counts them",
    about: connections,
    where: "connections",
    code: swap(/\bcountBytes\(0\)/, "countBytes(1)"),
  },
  { name: "bytes are not counted", about: connections, where: "connections", code: without("countBytes") },
  // Configuration
  { name: "audited policies are enforced", configuration: swap(/\taudit\b/, "\tenforce") },
  { name: "enforced policies are audited", about: access, configuration: swap(/\tenforce\b/, "\taudit") },
  { name: "all peers are meant", configuration: swap(/\t(inbound|outbound)\t[^\t*]+\t/, "\t$1\t*\t") },
  { name: "addresses of callers are lost", configuration: swap(/^(@peer\t\w+\t).*$/, "$1203.0.113.9") },
  { name: "modules in the wrong order", about: access, slots: (slots) => [...slots].reverse() },
  { name: "the first module is forgotten", slots: (slots) => slots.slice(1) },
];
