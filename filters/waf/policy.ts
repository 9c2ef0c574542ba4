import { Flow, fromBytes, log, PerStream, Request } from "proxy-wasm-as";

export const context = "^frontend";
export const side = "ingress";

class Params {
  /** From how many points on a request is denied. */
  threshold: i32 = 5;
  /** How many bytes of the body are looked at, from its beginning. With 0 none. */
  bodyBytes: i32 = 8192;
  /** Deny a body that is longer than that. */
  denyLonger: bool = false;
  /** Deny a body that is encoded, as with gzip, and so cannot be looked at. */
  denyEncoded: bool = false;
  /** Log which rules a request met. */
  logs: bool = true;
}
export const params = new Params();

// Where a rule looks: in the path, the query, the body, `user-agent`.
const PATH: i32 = 1;
const QUERY: i32 = 2;
const BODY: i32 = 4;
const AGENT: i32 = 8;

/**
 * NAME POINTS PLACES PATTERN. A pattern is text in lower case, as what it is compared with, and capitals are: B the edge of a word, V one behind a value
 * (a digit, a quote or a bracket), S blanks, O blanks or none, Y blanks or opening brackets, C a comparison, D digits, L letters, Q a quote, P a quote or none, X up to 100 bytes of
 * anything but `<` and `>` before a B or Q, T whatever stands in the same tag, H a handler of events, K a handler that is well known, E the end, N a zero byte; the first one is B, V, Q, N
 * or none. In rules that begin with `sql-` a comment is as good as a blank. At most 128 rules: a request meets each once.
 */
const rules: StaticArray<string> = [
  // For a text that is made to take long, whatever else it is.
  "too-much 5 pqba E",
  "sql-union 5 pqba BunionYselectB",
  "sql-union-all 5 pqba BunionYallYselectB",
  "sql-union-distinct 5 pqba BunionYdistinctYselectB",
  "sql-union-apart 3 qb BunionXBselectB",
  "sql-select-from 2 qb BselectXBfromB",
  "sql-or-equal 5 pqba BorYPDPOCOPD",
  "sql-or-true 5 pqba VorYtrueB",
  "sql-or-not-false 5 pqba VorYnotYfalseB",
  "sql-or-quotes 5 pqba QOorOQXQOCOQ",
  "sql-and-equal 5 pqba VandYPDPOCOPD",
  "sql-and-quotes 5 pqba QOandOQXQOCOQ",
  "sql-pipes 3 qb QO||O",
  "sql-pipes-equal 5 pqba ||OPDPOCOPD",
  // Not one of `sql-`: the comment is what it looks for.
  "quote-comment 3 qb QO--",
  "sql-drop 5 pqba ;OdropStableB",
  "sql-drop-database 5 pqba ;OdropSdatabaseB",
  "sql-alter 5 pqba ;OalterStableB",
  "sql-truncate 5 pqba ;OtruncateStableB",
  "sql-delete 5 pqba ;OdeleteSfromB",
  "sql-insert 5 pqba ;OinsertSintoB",
  "sql-sleep 5 pqba BsleepO(OD",
  "sql-pg-sleep 5 pqba Bpg_sleepO(",
  "sql-benchmark 5 pqba BbenchmarkO(OD",
  "sql-waitfor 5 pqba BwaitforSdelayB",
  "sql-load-file 5 pqba Bload_fileO(",
  "sql-outfile 5 pqba BintoSoutfileB",
  "sql-extractvalue 5 pqba BextractvalueO(",
  "sql-updatexml 5 pqba BupdatexmlO(",
  "sql-schema 5 pqba Binformation_schemaB",
  "sql-xp-cmdshell 5 pqba Bxp_cmdshellB",
  "traversal 5 pq ../",
  "traversal-backslash 5 pq ..\\",
  "traversal-parameter 5 p ..;",
  "traversal-end 5 p /..E",
  "null-byte 5 pq N",
  "file-passwd 5 pqb /etc/passwd",
  "file-shadow 5 pqb /etc/shadow",
  "file-proc 5 pqb /proc/self/",
  "file-win-ini 5 pqb \\win.ini",
  "file-git 5 p /.git/",
  "file-svn 5 p /.svn/",
  "file-aws 5 pq /.aws/",
  "file-env 5 p /.envE",
  "file-env-of 5 p /.env.LE",
  "file-env-local 5 p /.env.L.localE",
  "file-ssh 5 pq /.ssh/",
  "file-htpasswd 5 pq .htpasswd",
  "script-tag 5 pqba <scriptB",
  "script-end 4 pqb </scriptB",
  // Browsers pass over the line ends in the name of a scheme.
  "script-url 4 qb jOaOvOaOsOcOrOiOpOtO:",
  "script-href 5 pqba hrefO=OPOjOaOvOaOsOcOrOiOpOtO:",
  "script-src 5 pqba srcO=OPOjOaOvOaOsOcOrOiOpOtO:",
  "script-action 5 pqba actionO=OPOjOaOvOaOsOcOrOiOpOtO:",
  "script-iframe 4 qb <iframeB",
  "script-object 4 qb <objectB",
  "script-handler 5 pqba <LTHO=",
  "script-breakout 5 pqb QOKO=",
  "script-cookie 4 qb document.cookie",
  "script-srcdoc 4 qb BsrcdocO=",
  "code-jndi 5 pqba ${jndi:",
  "code-lookup 5 pqba ${${",
  "code-loader 5 qb Bclass.module.classloader",
  "code-php-filter 5 qb php://filter",
  "code-entity 5 b <!entityXBsystemB",
  "code-metadata 5 qb B169.254.169.254B",
  "code-php 5 qb <?php",
  "code-shellshock 5 qa ()O{",
  "code-cat 5 qb ;OcatS/",
  "code-pipe-cat 5 qb |OcatS/",
  "agent-sqlmap 5 a sqlmap",
  "agent-nikto 5 a nikto",
  "agent-nessus 5 a nessus",
  "agent-acunetix 5 a acunetix",
  "agent-dirbuster 5 a dirbuster",
  "agent-gobuster 5 a gobuster",
  "agent-masscan 5 a masscan",
  "agent-wpscan 5 a wpscan",
  "agent-nuclei 5 a nuclei",
  "agent-nmap 5 a BnmapB",
];

/** What an `on` makes no handler, as it begins other words that stand before `=`: they end in a blank each. */
const NO_HANDLERS = "e es ce ly line to going ";
/** How the well-known handlers go on behind `on`. */
const HANDLERS: StaticArray<string> = [
  "error",
  "load",
  "focus",
  "blur",
  "click",
  "mouse",
  "pointer",
  "touch",
  "key",
  "input",
  "change",
  "scroll",
  "toggle",
  "animation",
  "transition",
  "begin",
];

/** How often escapes are resolved: twice may be by chance a proxy and the service, each once. */
const PASSES = 3;
const GAP: i32 = 100;
/** How long path, query and `user-agent` may be together: to look at more could take the policy over its budget, and with it the requests of others. */
const LONGEST: i32 = 16384;
/** What stands before a message of gRPC: whether it is compressed, and how long it is. */
const PREFIX: i32 = 5;

// The rules, in two groups of 64, by what they begin with. Of each group, for each byte which ones may, by bits; for each place the rules that
// look there. Of each rule where its pattern stands, and its second character: 0 where it is one of several, 128 more where there may be blanks before it.
const table = memory.data(2 * 2176 + 128 + 128);
const GROUP: usize = 2176;
const PLACES: usize = 2048;
const PATTERNS: usize = 4352;
const SECONDS: usize = 4480;
const AFTER_BLANKS: i32 = 128;
let isReady = false;
/** The rules about files, by groups, which are looked for again once paths are as who opens one has them. */
const files = memory.data(16);
// Of the text at hand, for each rule: up to where what follows its X is known not to stand, and where an X ended last. So no part is searched twice.
const searched = memory.data(512);
const ended = memory.data(512);
/** In which states of a tag a byte was passed, by bits; 0 where there was no tag yet. */
let passed: usize = 0;

/** Which rules a request has met, by bits, and what became of its body. */
class Met {
  first: u64 = 0;
  second: u64 = 0;
  /** Whether it says that its body is gRPC. */
  isGrpc: bool = false;
  isRead: bool = false;
  isDone: bool = false;
}
const requests = new PerStream<Met>();

/** How often a rule may seem to begin in what one callback looks at, or eight characters be passed by an X. */
const TRIES = 6000;
let tries = 0;

// What is being looked at, in bytes.
let text: usize = 0;
let size: i32 = 0;
/** Whether a backslash with a letter may stand for a blank, as in JSON. */
let hasEscapes: bool = false;
// Comments: whether they count as blanks, whether they may stand in one another, whether one was passed; where the last search for an end began and what it found.
let isSql: bool = false;
let nests: bool = false;
let sawComment: bool = false;
let closedFrom = 0;
let closedAt = -1;
let lineFrom = 0;
let lineAt = -1;

// Characters.
const LINE_END: i32 = 10;
const BLANK: i32 = 32;
const HASH: i32 = 35;
const PERCENT: i32 = 37;
const AMPERSAND: i32 = 38;
const BRACKET: i32 = 40;
const STAR: i32 = 42;
const DASH: i32 = 45;
const POINT: i32 = 46;
const SLASH: i32 = 47;
const SEMICOLON: i32 = 59;
const LESS: i32 = 60;
const EQUALS: i32 = 61;
const GREATER: i32 = 62;
const BACKSLASH: i32 = 92;
const U: i32 = 117;
const LETTER_X: i32 = 120;

export function onRequest(request: Request, last: bool): Flow {
  tries = TRIES;
  const headers = request.headers;
  const met = requests.of(request);
  const whole = headers.get(":path");
  const agents = headers.getAll("user-agent");
  let length = whole === null ? 0 : whole.length;
  for (let i = 0; i < agents.length; i++) length += agents[i].length;
  if (length > LONGEST) return deny(request, met, 431, " longer");
  if (whole !== null) {
    const query = whole.indexOf("?");
    look(met, query < 0 ? whole : whole.substring(0, query), PATH);
    if (query >= 0) look(met, whole.substring(query + 1), QUERY);
  }
  for (let i = 0; i < agents.length; i++) look(met, agents[i], AGENT);
  if (params.denyEncoded && isEncoded(headers.getAll("content-encoding"))) return deny(request, met, 415, " encoded");
  met.isGrpc = isGrpc(headers.get("content-type"));
  // Envoy leaves this header only to a connection that becomes another, whose bytes have no end. By GET: nobody hides a form behind it.
  if (headers.has("upgrade") && headers.get(":method") == "GET") met.isDone = true;
  if (params.bodyBytes <= 0 && !params.denyLonger) met.isDone = true;
  judge(request, met);
  // A filter behind this one that had the headers and lets them go would let the body go that waits here.
  return last || met.isDone ? Flow.Continue : Flow.Pause;
}

export function onRequestBody(request: Request, length: u32, last: bool): Flow {
  const met = requests.of(request);
  if (met.isDone) return Flow.Continue;
  const most = <u32>max(params.bodyBytes, 0);
  // Once, when there is all of it: parts of an attack are none.
  const isAll = last || length >= most || (met.isGrpc && hasMessage(request, length));
  if (isAll && !met.isRead) lookAtBody(request, met);
  if (points(met) >= params.threshold) return judge(request, met);
  if (params.denyLonger && length > most) return deny(request, met, 413, " longer");
  // What is held back has been looked at: it may go on as soon as there is nothing more to look at.
  met.isDone = last || (isAll && !params.denyLonger);
  return met.isDone ? Flow.Continue : Flow.Pause;
}

/** Where these come the body has ended, and is still held back. */
export function onRequestTrailers(request: Request): Flow {
  const met = requests.of(request);
  if (met.isDone) return Flow.Continue;
  if (!met.isRead) lookAtBody(request, met);
  return judge(request, met);
}

/** At its beginning, once: what an attack was cut into stands together then. */
function lookAtBody(request: Request, met: Met): void {
  met.isRead = true;
  tries = TRIES;
  const bytes = request.body.bytes(0, max(params.bodyBytes, 0));
  if (bytes !== null) look(met, fromBytes(bytes), BODY);
}

/** `application/grpc`, with what follows it; the text forms for browsers have no streams that wait for each other. */
function isGrpc(type: string | null): bool {
  const name = "application/grpc";
  if (type === null || !type.startsWith(name)) return false;
  const next = type.length > name.length ? type.charCodeAt(name.length) : SEMICOLON;
  return next == SEMICOLON || next == 43 || next == BLANK;
}

/** Whether the first message of gRPC is there. A body that only says that it is gRPC begins otherwise, and is held back as any is. */
function hasMessage(request: Request, length: u32): bool {
  if (<i32>length < PREFIX) return false;
  const bytes = request.body.bytes(0, PREFIX);
  if (bytes === null || bytes.length < PREFIX || bytes[0] > 1) return false;
  const size = (<u64>bytes[1] << 24) | (<u64>bytes[2] << 16) | (<u64>bytes[3] << 8) | <u64>bytes[4];
  return <u64>length >= size + PREFIX;
}

function judge(request: Request, met: Met): Flow {
  if (points(met) < params.threshold) return Flow.Continue;
  return deny(request, met, 403, "");
}

/** In audit mode nothing is answered, and the request goes on: so it is not held back either. */
function deny(request: Request, met: Met, status: i32, why: string): Flow {
  met.isDone = true;
  if (params.logs) log.warn(`waf: ${status}${why}${namesOf(met)}`);
  request.deny(status, "This request looks like an attack.\n");
  return Flow.Continue;
}

/** Look for all rules that are for this place. */
function look(met: Met, byteString: string, place: i32): void {
  if (!isReady) prepare();
  const bytes = new Uint8Array(byteString.length);
  text = bytes.dataStart;
  size = byteString.length;
  for (let i = 0; i < size; i++) store<u8>(text + i, <u8>byteString.charCodeAt(i));
  for (let pass = 0; pass < PASSES; pass++) if (!resolve()) break;
  simplify(place == QUERY || place == BODY);
  hasEscapes = place == QUERY || place == BODY;
  searchAll(met, place, false);
  if (place != AGENT && openPath(place == PATH)) searchAll(met, place, true);
  if (tries <= 0) met.first |= 1;
}

/** Look for the rules of a place in the text, or those of them that are about files. */
function searchAll(met: Met, place: i32, isFiles: bool): void {
  memory.fill(searched, 0, 512);
  memory.fill(ended, 255, 512);
  passed = 0;
  closedAt = -1;
  lineAt = -1;
  for (let group = 0; group < 2; group++) {
    let wanted = load<u64>(table + GROUP * <usize>group + PLACES + (<usize>place << 3));
    if (isFiles) wanted &= load<u64>(files + (<usize>group << 3));
    wanted &= ~(group == 0 ? met.first : met.second);
    if (wanted == 0) continue;
    const found = search(group, wanted);
    if (group == 0) met.first |= found;
    else met.second |= found;
  }
}

/** Which of these rules the text meets. */
function search(group: i32, wanted: u64): u64 {
  const begins = table + GROUP * <usize>group;
  let found: u64 = 0;
  for (let at = 0; at < size && tries > 0; at++) {
    const left = load<u64>(begins + (<usize>load<u8>(text + at) << 3)) & wanted & ~found;
    if (left == 0) continue;
    // Most are not meant: this is what makes the text cheap to read.
    let meant = thatGoOn(group, left, byteAt(at + 1), 0);
    if (mayBeBlank(at + 1)) meant |= thatGoOn(group, left, behindBlanks(at + 1), AFTER_BLANKS);
    for (; meant != 0; meant &= meant - 1) {
      const bit = ctz(meant);
      tries--;
      if (isMet((group << 6) + <i32>bit, at)) found |= <u64>1 << bit;
    }
  }
  return found;
}

/** Which of the rules may have this as their second character, or have it behind blanks. */
function thatGoOn(group: i32, wanted: u64, character: i32, least: i32): u64 {
  const seconds = table + SECONDS + (<usize>group << 6);
  let meant: u64 = 0;
  for (let left = wanted; left != 0; left &= left - 1) {
    const second = <i32>load<u8>(seconds + <usize>ctz(left));
    const isSame = character == ANY || (second & 127) == character;
    if (second == 0 || (second >= least && isSame)) meant |= left & -left;
  }
  return meant;
}

const ANY: i32 = -3;

/** What stands behind blanks and comments; `ANY` behind one that others stand in, perhaps, and that may end elsewhere. */
function behindBlanks(at: i32): i32 {
  isSql = true;
  nests = false;
  sawComment = false;
  const end = afterBlanks(at);
  return sawComment ? ANY : byteAt(end);
}

/** Whether a rule is what stands here; where there are comments, also as databases have them in which these stand in one another. */
function isMet(rule: i32, at: i32): bool {
  const pattern = <i32>load<u8>(table + PATTERNS + rule);
  isSql = rules[rule].startsWith("sql-");
  sawComment = false;
  nests = false;
  if (matches(rule, pattern, at)) return true;
  nests = sawComment;
  return nests && matches(rule, pattern, at);
}

/** Fill the table, once. */
function prepare(): void {
  isReady = true;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    const bit = <u64>1 << (i & 63);
    const group = <usize>(i >> 6);
    if (rule.startsWith("file-")) add(files + (group << 3), bit);
    const places = wordAt(rule, 2);
    const begins = table + GROUP * group;
    for (let j = 0; j < places.length; j++) {
      const letter = places.charCodeAt(j);
      const place = letter == 112 ? PATH : letter == 113 ? QUERY : letter == 98 ? BODY : AGENT;
      add(begins + PLACES + (<usize>place << 3), bit);
    }
    const pattern = startOf(rule, 3);
    store<u8>(table + PATTERNS + i, <u8>pattern);
    const first = rule.charCodeAt(pattern);
    const isEdge = first == 66 || first == 86;
    store<u8>(table + SECONDS + i, <u8>secondOf(rule, isEdge ? pattern + 2 : pattern + 1));
    if (first == 81) {
      add(begins + (34 << 3), bit);
      add(begins + (39 << 3), bit);
      add(begins + (96 << 3), bit);
    } else {
      add(begins + (<usize>(isEdge ? rule.charCodeAt(pattern + 1) : first) << 3), bit);
    }
  }
}

/** The character that stands next, with blanks before it perhaps; 0 when it is not known. */
function secondOf(rule: string, at: i32): i32 {
  const token = at < rule.length ? rule.charCodeAt(at) : 0;
  if (token == 79) {
    const next = secondOf(rule, at + 1);
    return next == 0 ? 0 : next | AFTER_BLANKS;
  }
  return token >= 65 && token <= 90 ? 0 : token;
}

function add(place: usize, bit: u64): void {
  store<u64>(place, load<u64>(place) | bit);
}

/** Whether a pattern, from `next` on, is what stands here. */
function matches(rule: i32, next: i32, here: i32): bool {
  const pattern = rules[rule];
  const length = pattern.length;
  let at = here;
  let i = next;
  while (true) {
    // Text in a loop of its own: the budget takes each turn of a loop for its longest.
    let token = 0;
    while (i < length) {
      token = pattern.charCodeAt(i++);
      if (token >= 65 && token <= 90 && token != 78) break;
      if (byteAt(at++) != token) return false;
      token = 0;
    }
    if (token == 0) return true;
    const byte = byteAt(at);
    let end = at;
    switch (token) {
      case 66: // B
        if (!isEdge(at, byte)) return false;
        break;
      case 86: // V
        if (!isBehindValue(at)) return false;
        break;
      case 83: // S
        end = afterBlanks(at);
        if (end == at) return false;
        at = end;
        break;
      case 79: // O
        at = afterBlanks(at);
        break;
      case 89: // Y
        end = afterOpening(at);
        if (end == at) return false;
        at = end;
        break;
      case 68: // D
        if (!isDigit(byte)) return false;
        while (isDigit(byteAt(at))) at++;
        break;
      case 76: // L
        if (!isLetter(byte)) return false;
        while (isLetter(byteAt(at))) at++;
        break;
      case 81: // Q
        end = afterQuote(at);
        if (end == at) return false;
        at = end;
        break;
      case 80: // P
        at = afterQuote(at);
        break;
      case 67: // C
        end = afterComparison(at);
        if (end == at) return false;
        at = end;
        break;
      case 72: // H
      case 75: // K
        end = afterHandler(at, token == 75);
        if (end == at) return false;
        at = end;
        break;
      case 88: // X
        return follows(rule, i, at);
      case 84: // T
        return standsInTag(rule, i, at);
      default: // E
        if (at != size) return false;
    }
  }
  return false;
}

/** Whether a word begins or ends here. A number may stand right before one, and so may what JSON writes for a line end. */
function isEdge(at: i32, byte: i32): bool {
  const before = byteAt(at - 1);
  if (!isWord(byte)) return isWord(before);
  if (isLetter(byte) && isDigit(before)) return true;
  return !isWord(before) || isEscape(at - 2);
}

/** Whether a value stands before, with a blank between perhaps, or a comment, whatever is before that. */
function isBehindValue(start: i32): bool {
  let at = start - 1;
  if (isEscape(at - 1)) at -= 2;
  while (isBlank(byteAt(at))) at--;
  const byte = byteAt(at);
  return isDigit(byte) || isQuote(byte) || byte == 41 || (byte == SLASH && byteAt(at - 1) == STAR);
}

/** Past blanks, what is written for them, and comments where they count as such: each of these is a try, as many may stand in a row. */
function afterBlanks(start: i32): i32 {
  let at = start;
  while (tries > 0) {
    if (isBlank(byteAt(at))) at++;
    else if (isEscape(at)) at += 2;
    else {
      const end = isSql ? afterAnyComment(at) : at;
      if (end == at) break;
      tries--;
      at = end;
    }
  }
  return at;
}

/** Past a comment of any kind, or the mark that one ends with, which is left of one that is run. */
function afterAnyComment(at: i32): i32 {
  const byte = byteAt(at);
  const next = byteAt(at + 1);
  if (byte == STAR && next == SLASH) return at + 2;
  if (byte == SLASH && next == STAR) return max(afterComment(at + 2), at);
  if (byte != HASH && (byte != DASH || next != DASH)) return at;
  const end = lineEnd(at);
  return end == size ? at : end;
}

function afterOpening(start: i32): i32 {
  let at = afterBlanks(start);
  while (byteAt(at) == BRACKET) at = afterBlanks(at + 1);
  return at;
}

/** Past `=`, `<`, `>`, `!=` and the like, or `like`. */
function afterComparison(start: i32): i32 {
  if (standsAt("like", 0, 4, start)) return start + 4;
  const first = byteAt(start);
  const next = byteAt(start + 1);
  if (first != EQUALS && first != LESS && first != GREATER && (first != 33 || next != EQUALS)) return start;
  return next == EQUALS || next == GREATER ? start + 2 : start + 1;
}

/** Past a comment; of one that MySQL and MariaDB run, past where what they run begins. -1 where it does not end. */
function afterComment(start: i32): i32 {
  const mark = byteAt(start) == 109 ? start + 1 : start;
  if (byteAt(mark) == 33) {
    let at = mark + 1;
    while (isDigit(byteAt(at))) at++;
    return at;
  }
  sawComment = true;
  if (!nests) return closing(start);
  let depth = 1;
  let at = start;
  while (depth > 0) {
    if ((at & 15) == 0) tries--;
    const byte = byteAt(at++);
    if (byte < 0) return -1;
    const isOpening = byte == SLASH && byteAt(at) == STAR;
    if (!isOpening && (byte != STAR || byteAt(at) != SLASH)) continue;
    depth += isOpening ? 1 : -1;
    at++;
  }
  return at;
}

/** Past the next end of a comment; -1 where there is none. What was searched before is not searched again. */
function closing(start: i32): i32 {
  if (closedAt < 0 || start < closedFrom || start > closedAt) {
    const known = closedAt >= 0 && start < closedFrom ? closedFrom : size;
    let at = start;
    while (at != known && !(byteAt(at) == STAR && byteAt(at + 1) == SLASH)) at++;
    if (known == size || at < known) closedAt = at;
    closedFrom = start;
  }
  return closedAt < size ? closedAt + 2 : -1;
}

/** Where the line ends; the size where it does not. */
function lineEnd(start: i32): i32 {
  if (lineAt < 0 || start < lineFrom || start > lineAt) {
    const known = lineAt >= 0 && start < lineFrom ? lineFrom : size;
    let at = start;
    while (at != known && byteAt(at) != LINE_END && !isLineEscape(at)) at++;
    if (known == size || at < known) lineAt = at;
    lineFrom = start;
  }
  return lineAt;
}

/** Past a quote, and the backslash before it in JSON. */
function afterQuote(at: i32): i32 {
  if (isQuote(byteAt(at))) return at + 1;
  return byteAt(at) == BACKSLASH && isQuote(byteAt(at + 1)) ? at + 2 : at;
}

/** Past the name of an attribute that is a handler of events. */
function afterHandler(at: i32, isKnown: bool): i32 {
  if (byteAt(at) != 111 || byteAt(at + 1) != 110) return at;
  const before = byteAt(at - 1);
  if (!isBlank(before) && !isQuote(before) && before != SLASH && !isEscape(at - 2)) return at;
  let end = at + 2;
  while (isLetter(byteAt(end))) end++;
  if (isKnown) {
    for (let i = 0; i < HANDLERS.length; i++) if (standsAt(HANDLERS[i], 0, HANDLERS[i].length, at + 2)) return end;
    return at;
  }
  for (let from = 0; from < NO_HANDLERS.length; ) {
    const to = NO_HANDLERS.indexOf(" ", from);
    if (to - from == end - at - 2 && standsAt(NO_HANDLERS, from, to, at + 2)) return at;
    from = to + 1;
  }
  return end > at + 2 ? end : at;
}

function standsAt(word: string, from: i32, to: i32, at: i32): bool {
  for (let i = from; i < to; i++) if (word.charCodeAt(i) != byteAt(at + i - from)) return false;
  return true;
}

/** Whether the rest of a pattern stands here or up to 100 bytes behind. */
function follows(rule: i32, next: i32, here: i32): bool {
  const known = searched + (<usize>rule << 2);
  const end = ended + (<usize>rule << 2);
  if (here <= load<i32>(end)) return false;
  const isQuoted = rules[rule].charCodeAt(next) == 81;
  const literal = rules[rule].charCodeAt(next + 1);
  for (let at = max(here, load<i32>(known)); at <= here + GAP; at++) {
    const byte = byteAt(at);
    if ((isQuoted ? isQuote(byte) : byte == literal) && matches(rule, next, at)) return true;
    if ((at & 7) == 0) tries--;
    store<i32>(known, at + 1);
    if (byte >= 0 && byte != LESS && byte != GREATER) continue;
    store<i32>(end, at);
    return false;
  }
  return false;
}

// Where one is in a tag, as browsers have it: between attributes, behind `=`, in a value in quotes of either kind, in one without.
const BETWEEN: i32 = 0;
const EQUAL: i32 = 1;
const DOUBLE: i32 = 2;
const SINGLE: i32 = 3;
const BARE: i32 = 4;

/** Whether the rest of a pattern stands in what is left of the tag: up to a `>` that is in no quotes. What was passed before in the same state is not passed again. */
function standsInTag(rule: i32, next: i32, here: i32): bool {
  if (passed == 0) passed = new Uint8Array(size).dataStart;
  let state = BETWEEN;
  let at = here;
  let byte = byteAt(at);
  while (byte >= 0 && (byte != GREATER || state == DOUBLE || state == SINGLE)) {
    const states = <i32>load<u8>(passed + at);
    if ((states & (1 << state)) != 0) return false;
    store<u8>(passed + at, <u8>(states | (1 << state)));
    if (byte == 111 && matches(rule, next, at)) return true;
    state = afterByte(state, byte, at);
    byte = byteAt(++at);
  }
  return false;
}

/** Where one is in a tag behind a byte. */
function afterByte(state: i32, byte: i32, at: i32): i32 {
  if (state == DOUBLE) return byte == 34 ? BETWEEN : DOUBLE;
  if (state == SINGLE) return byte == 39 ? BETWEEN : SINGLE;
  if (state == BETWEEN) return byte == EQUALS ? EQUAL : BETWEEN;
  const isGap = isBlank(byte) || isEscape(at - 1);
  if (state == BARE) return isGap ? BETWEEN : BARE;
  if (byte == 34) return DOUBLE;
  if (byte == 39) return SINGLE;
  // In JSON a backslash stands before the quote.
  return isGap || byte == BACKSLASH ? EQUAL : BARE;
}

/** -1 where there is none. */
function byteAt(at: i32): i32 {
  // Not by comparing `at` itself: a loop with such a bound is charged to the budget as if it came that far.
  return <u32>(size - at - 1) < <u32>size ? <i32>load<u8>(text + at) : -1;
}

function isBlank(byte: i32): bool {
  return byte == BLANK || byte == LINE_END;
}

/** Whether a blank may begin here, or what counts as one. */
function mayBeBlank(at: i32): bool {
  const byte = byteAt(at);
  const next = byteAt(at + 1);
  if (byte == SLASH) return next == STAR;
  if (byte == STAR) return next == SLASH;
  if (byte == DASH) return next == DASH;
  return isBlank(byte) || byte == HASH || isEscape(at);
}

/** Whether two characters stand here that JSON has for a tab, a line end or the like. */
function isEscape(at: i32): bool {
  if (!hasEscapes || byteAt(at) != BACKSLASH) return false;
  const next = byteAt(at + 1);
  return next == 110 || next == 116 || next == 114 || next == 102 || next == 98 || next == 118;
}

function isLineEscape(at: i32): bool {
  return isEscape(at) && (byteAt(at + 1) == 110 || byteAt(at + 1) == 114);
}

function isDigit(byte: i32): bool {
  return byte >= 48 && byte <= 57;
}

function isLetter(byte: i32): bool {
  return byte >= 97 && byte <= 122;
}

function isWord(byte: i32): bool {
  return isDigit(byte) || isLetter(byte) || byte == 95;
}

function isQuote(byte: i32): bool {
  return byte == 34 || byte == 39 || byte == 96;
}

// Of the last entity: how many bytes it has.
let entityWidth = 1;

/** Put what escapes stand for in their place: %XX, %uXXXX, \\uXXXX, \\xXX, entities, and characters that are longer than they need be, or wide. False when there are none. */
function resolve(): bool {
  let to = 0;
  let at = 0;
  let found = false;
  while (at < size) {
    const byte = byteAt(at);
    const next = byteAt(at + 1);
    let value = -1;
    let width = 1;
    let kept = 1;
    if ((byte == PERCENT || byte == BACKSLASH) && (next | 32) == U) {
      value = hexAt(at + 2, 4);
      width = 6;
    } else if (byte == PERCENT) {
      value = hexAt(at + 1, 2);
      width = 3;
    } else if (byte == BACKSLASH && (next | 32) == LETTER_X) {
      value = hexAt(at + 2, 2);
      width = 4;
    } else if (byte == AMPERSAND) {
      value = entityAt(at);
      width = entityWidth;
    } else if (byte == 0xa0) {
      // Alone it is a blank to some databases; at the end of a character it is none.
      value = BLANK;
    } else if (byte >= 0xc0) {
      width = widthAt(at, byte);
      if (width > 1) value = characterAt(at, byte, width);
      kept = width;
      if (value == 0xa0 || value == 0x3000) value = BLANK;
      // What is no wide form of ASCII, nor ASCII in more bytes than it needs, stays.
      if (value > 127 && (value < 0xff01 || value > 0xff5e)) value = -1;
    }
    // The wide forms of ASCII are taken for it by some; of other characters no rule is made.
    if (value >= 0xff01 && value <= 0xff5e) value -= 0xfee0;
    else if (value > 255) value = 63;
    if (value < 0) {
      for (let i = 0; i < kept; i++) store<u8>(text + to++, <u8>byteAt(at++));
      continue;
    }
    store<u8>(text + to++, <u8>value);
    at += width;
    found = true;
  }
  size = to;
  return found;
}

/** What an entity of HTML stands for, by its number, or of the names those that hide the name of a scheme; -1 for none. `<` and `>` stay: to write them so is what makes them harmless. */
function entityAt(at: i32): i32 {
  let value = -1;
  let end = at + 1;
  if (byteAt(end) == HASH) {
    end++;
    const isHex = (byteAt(end) | 32) == LETTER_X;
    if (isHex) end++;
    for (; ; end++) {
      const digit = hexAt(end, 1);
      if (digit < 0 || (!isHex && digit > 9)) break;
      value = min(max(value, 0) * (isHex ? 16 : 10) + digit, 0x10ffff);
    }
    if (byteAt(end) == SEMICOLON) end++;
  } else if (isNamed(at + 1, "colon;")) {
    value = 58;
    end = at + 7;
  } else if (isNamed(at + 1, "tab;")) {
    value = BLANK;
    end = at + 5;
  } else if (isNamed(at + 1, "newline;")) {
    value = LINE_END;
    end = at + 9;
  }
  entityWidth = end - at;
  return value == LESS || value == GREATER ? -1 : value;
}

/** In any case of letters. */
function isNamed(at: i32, name: string): bool {
  for (let i = 0; i < name.length; i++) if ((byteAt(at + i) | 32) != (name.charCodeAt(i) | 32)) return false;
  return true;
}

/** How many bytes the character of UTF-8 has that begins here, whether it needs them or not; 1 where there is none. */
function widthAt(start: i32, first: i32): i32 {
  const width = first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 1;
  for (let i = 1; i < width; i++) if (byteAt(start + i) < 0 || (byteAt(start + i) & 0xc0) != 0x80) return 1;
  return width;
}

function characterAt(start: i32, first: i32, width: i32): i32 {
  let value = first & (0x7f >> width);
  for (let i = 1; i < width; i++) value = (value << 6) | (byteAt(start + i) & 63);
  return value;
}

/** The number in so many hexadecimal digits; -1 when it is none. */
function hexAt(start: i32, count: i32): i32 {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const byte = byteAt(at);
    const letter = (byte | 32) - 97;
    if (isDigit(byte)) value = (value << 4) | (byte - 48);
    else if (byte >= 0 && letter >= 0 && letter < 6) value = (value << 4) | (letter + 10);
    else return -1;
  }
  return value;
}

/** Lower case; one blank for blanks and control characters, in forms for `+` too, or one line end where there is one among them; N for a zero byte. */
function simplify(isForm: bool): void {
  let to = 0;
  let wasBlank: bool = false;
  for (let at = 0; at < size; at++) {
    let byte = byteAt(at);
    const isLine = byte == LINE_END || byte == 13;
    if (byte == 0) byte = 78;
    else if (byte <= BLANK || byte == 127 || (isForm && byte == 43)) byte = isLine ? LINE_END : BLANK;
    else if (byte >= 65 && byte <= 90) byte |= 32;
    if (isBlank(byte) && wasBlank) {
      if (isLine) store<u8>(text + to - 1, <u8>LINE_END);
      continue;
    }
    wasBlank = isBlank(byte);
    store<u8>(text + to++, <u8>byte);
  }
  size = to;
}

/**
 * Make of paths what one leads to: a slash for backslashes and several slashes, nothing for parts that lead nowhere or up and back, and, where all is a path, for
 * what stands behind a semicolon, and a slash at the end. False when that is what they are.
 */
function openPath(isPath: bool): bool {
  let to = 0;
  let at = 0;
  let isChanged = false;
  while (at < size) {
    const byte = byteAt(at++);
    if (isPath && byte == SEMICOLON) {
      while (at < size && !isSlash(byteAt(at))) at++;
      isChanged = true;
    } else if (isSlash(byte)) {
      isChanged = isChanged || byte == BACKSLASH;
      for (let steps = stepsAt(at); steps > 0; steps = stepsAt(at)) {
        isChanged = true;
        at += steps;
        if (steps < 3) continue;
        while (to > 0 && load<u8>(text + to - 1) != SLASH) to--;
        if (to > 0) to--;
      }
      store<u8>(text + to++, <u8>SLASH);
    } else store<u8>(text + to++, <u8>byte);
  }
  if (isPath && to > 1 && load<u8>(text + to - 1) == SLASH) {
    isChanged = true;
    to--;
  }
  size = to;
  return isChanged;
}

/** How long what leads nowhere is behind a slash: `/`, `./`, or `../`, which leads up; 0 for none. */
function stepsAt(at: i32): i32 {
  let points = 0;
  while (points < 2 && byteAt(at + points) == POINT) points++;
  return isSlash(byteAt(at + points)) ? points + 1 : 0;
}

function isSlash(byte: i32): bool {
  return byte == SLASH || byte == BACKSLASH;
}

/** A word of a rule. */
function wordAt(rule: string, place: i32): string {
  const start = startOf(rule, place);
  return rule.substring(start, rule.indexOf(" ", start));
}

function startOf(rule: string, place: i32): i32 {
  let start = 0;
  for (let i = 0; i < place; i++) start = rule.indexOf(" ", start) + 1;
  return start;
}

function hasMet(met: Met, rule: i32): bool {
  return (((rule < 64 ? met.first : met.second) >> (rule & 63)) & 1) != 0;
}

function points(met: Met): i32 {
  let sum = 0;
  for (let i = 0; i < rules.length; i++) if (hasMet(met, i)) sum += wordAt(rules[i], 1).charCodeAt(0) - 48;
  return sum;
}

/** Only names of the table: nothing that a client wrote gets into the log. */
function namesOf(met: Met): string {
  let names = "";
  for (let i = 0; i < rules.length; i++) if (hasMet(met, i)) names += " " + wordAt(rules[i], 0);
  return names;
}

function isEncoded(values: string[]): bool {
  for (let i = 0; i < values.length; i++) if (values[i].trim() != "" && values[i].trim() != "identity") return true;
  return false;
}
