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
 * NAME POINTS PLACES PATTERN. A pattern is text in lower case, as what it is compared with, and capitals are: B the edge of a word, S a blank, O
 * a blank or none, D digits, L letters, Q a quote, P a quote or none, X up to 100 bytes of anything but `<` and `>`, E the end, N a zero byte; the first
 * one is B, Q, N or none. At most 64 rules: a request meets each once.
 */
const rules: StaticArray<string> = [
  // For a text that is made to take long, whatever else it is.
  "too-much 5 pqba E",
  "sql-union 5 qba BunionSselectB",
  "sql-union-all 5 qba BunionSallSselectB",
  "sql-union-apart 3 qb BunionXBselectB",
  "sql-select-from 2 qb BselectXBfromB",
  "sql-or-equal 5 qba BorSPDPO=OPD",
  "sql-or-quotes 5 qba QOorOQXQO=OQ",
  "sql-and-quotes 5 qba QOandOQXQO=OQ",
  "sql-pipes 3 qb QO||O",
  "sql-comment 3 qb QO--",
  "sql-drop 5 qba ;OdropStableB",
  "sql-delete 5 qba ;OdeleteSfromB",
  "sql-insert 5 qba ;OinsertSintoB",
  "sql-sleep 5 qba BsleepO(OD",
  "sql-pg-sleep 5 qba Bpg_sleepO(",
  "sql-benchmark 5 qba BbenchmarkO(OD",
  "sql-waitfor 5 qba BwaitforSdelayS",
  "sql-load-file 5 qba Bload_fileO(",
  "sql-outfile 5 qba BintoSoutfileB",
  "sql-schema 5 qba Binformation_schemaB",
  "sql-xp-cmdshell 5 qba Bxp_cmdshellB",
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
  "file-ssh 5 pq /.ssh/",
  "file-htpasswd 5 pq .htpasswd",
  "script-tag 5 pqba <scriptB",
  "script-end 4 pqb </scriptB",
  "script-url 4 qb javascript:",
  "script-iframe 4 qb <iframeB",
  "script-object 4 qb <objectB",
  "script-handler 5 pqb <LXBonLO=",
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

/** So much of what was looked at before is looked at again with what follows, in case a pattern stands on both sides. */
const OVERLAP: i32 = 256;
/** How much has to come until it is looked at, before the end. */
const STRIDE: i32 = 512;
/** How often escapes are resolved: twice may be by chance a proxy and the service, each once. */
const PASSES = 3;
const GAP: i32 = 100;
/** How long path, query and `user-agent` may be together: to look at more could take the policy over its budget, and with it the requests of others. */
const LONGEST: i32 = 16384;

// The rules by what they begin with: for each byte which ones may, by bits; for each place the rules that look
// there; where each pattern stands; its second character, 0 where it is one of several.
const table = memory.data(2048 + 128 + 64 + 64);
const PLACES: usize = 2048;
const PATTERNS: usize = 2176;
const SECONDS: usize = 2240;
let isReady = false;
/** The rules about files, which are looked for again once paths are as who opens one has them. */
let files: u64 = 0;
// Of the text at hand, for each rule: up to where what follows its X is known not to stand, and where an X ended last. So no part is searched twice.
const searched = memory.data(256);
const ended = memory.data(256);

/** Which rules a request has met, by bits, and how much of its body was looked at. */
class Met {
  rules: u64 = 0;
  seen: i32 = 0;
  isDone: bool = false;
}
const requests = new PerStream<Met>();

/** How often a rule may seem to begin in one text, or a character be passed by an X. */
const TRIES = 10000;
let tries = 0;

// What is being looked at, in bytes.
let text: usize = 0;
let size: i32 = 0;

// Characters.
const BLANK: i32 = 32;
const PERCENT: i32 = 37;
const STAR: i32 = 42;
const POINT: i32 = 46;
const SLASH: i32 = 47;
const SEMICOLON: i32 = 59;
const BACKSLASH: i32 = 92;
const U: i32 = 117;

export function onRequest(request: Request): Flow {
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
  return judge(request, met);
}

export function onRequestBody(request: Request, length: u32, last: bool): Flow {
  const met = requests.of(request);
  if (met.isDone) return Flow.Continue;
  const most = max(params.bodyBytes, 0);
  const isAll = last || length >= <u32>most;
  // Not for each byte that somebody sends by itself.
  if (isAll || <i32>length - met.seen >= STRIDE) lookAtBody(request, met);
  if (points(met.rules) >= params.threshold) return judge(request, met);
  if (params.denyLonger && length > <u32>most) return deny(request, met, 413, " longer");
  // What is held back has been looked at: it may go on as soon as there is nothing more to look at.
  met.isDone = last || (isAll && !params.denyLonger);
  return met.isDone ? Flow.Continue : Flow.Pause;
}

/** Where these come the body has ended, and is still held back. */
export function onRequestTrailers(request: Request): Flow {
  const met = requests.of(request);
  if (met.isDone) return Flow.Continue;
  lookAtBody(request, met);
  return judge(request, met);
}

/** At what has come of it since, and a little of what was before. */
function lookAtBody(request: Request, met: Met): void {
  const there = min(<i32>request.body.size, max(params.bodyBytes, 0));
  if (there <= met.seen) return;
  const start = max(met.seen - OVERLAP, 0);
  const bytes = request.body.bytes(start, there - start);
  met.seen = there;
  if (bytes !== null) look(met, fromBytes(bytes), BODY);
}

function judge(request: Request, met: Met): Flow {
  if (points(met.rules) < params.threshold) return Flow.Continue;
  return deny(request, met, 403, "");
}

/** In audit mode nothing is answered, and the request goes on: so it is not held back either. */
function deny(request: Request, met: Met, status: i32, why: string): Flow {
  met.isDone = true;
  if (params.logs) log.warn(`waf: ${status}${why}${namesOf(met.rules)}`);
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
  tries = TRIES;
  search(met, load<u64>(table + PLACES + (<usize>place << 3)));
  if (place != AGENT && openPath(place == PATH)) search(met, load<u64>(table + PLACES + (<usize>place << 3)) & files);
  if (tries <= 0) met.rules |= 1;
}

/** Look for these rules in the text. */
function search(met: Met, wanted: u64): void {
  memory.fill(searched, 0, 256);
  memory.fill(ended, 255, 256);
  for (let at = 0; at < size && tries > 0; at++) {
    let left = load<u64>(table + (<usize>load<u8>(text + at) << 3)) & wanted & ~met.rules;
    while (left != 0) {
      const rule = <i32>ctz(left);
      left &= left - 1;
      // Most are not meant: this is what makes the text cheap to read.
      const second = <i32>load<u8>(table + SECONDS + rule);
      if (second != 0 && byteAt(at + 1) != second && (byteAt(at + 1) != BLANK || byteAt(at + 2) != second)) continue;
      tries--;
      if (matches(rule, <i32>load<u8>(table + PATTERNS + rule), at)) met.rules |= <u64>1 << rule;
    }
  }
}

/** Fill the table, once. */
function prepare(): void {
  isReady = true;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    const bit = <u64>1 << i;
    if (rule.startsWith("file-")) files |= bit;
    const places = wordAt(rule, 2);
    for (let j = 0; j < places.length; j++) {
      const letter = places.charCodeAt(j);
      const place = letter == 112 ? PATH : letter == 113 ? QUERY : letter == 98 ? BODY : AGENT;
      add(PLACES + (<usize>place << 3), bit);
    }
    const pattern = startOf(rule, 3);
    store<u8>(table + PATTERNS + i, <u8>pattern);
    const first = rule.charCodeAt(pattern);
    store<u8>(table + SECONDS + i, <u8>secondOf(rule, first == 66 ? pattern + 2 : pattern + 1));
    if (first == 81) {
      add(34 << 3, bit);
      add(39 << 3, bit);
      add(96 << 3, bit);
    } else {
      add(<usize>(first == 66 ? rule.charCodeAt(pattern + 1) : first) << 3, bit);
    }
  }
}

/** The character that stands next, with a blank before it perhaps; 0 when it is not known. */
function secondOf(rule: string, at: i32): i32 {
  const token = at < rule.length ? rule.charCodeAt(at) : 0;
  if (token == 79) return secondOf(rule, at + 1);
  return token >= 65 && token <= 90 ? 0 : token;
}

function add(place: usize, bit: u64): void {
  store<u64>(table + place, load<u64>(table + place) | bit);
}

/** Whether a pattern, from `next` on, is what stands here. */
function matches(rule: i32, next: i32, here: i32): bool {
  const pattern = rules[rule];
  let at = here;
  for (let i = next; i < pattern.length; i++) {
    const token = pattern.charCodeAt(i);
    const byte = byteAt(at);
    switch (token) {
      case 66: // B
        if (isWord(byteAt(at - 1)) == isWord(byte)) return false;
        break;
      case 83: // S
        if (byte != BLANK) return false;
        at++;
        break;
      case 79: // O
        if (byte == BLANK) at++;
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
        if (!isQuote(byte)) return false;
        at++;
        break;
      case 80: // P
        if (isQuote(byte)) at++;
        break;
      case 69: // E
        if (at != size) return false;
        break;
      case 88: // X
        return follows(rule, i + 1, at);
      default:
        if (byte != token) return false;
        at++;
    }
  }
  return true;
}

/** Whether the rest of a pattern stands here or up to 100 bytes behind. */
function follows(rule: i32, next: i32, here: i32): bool {
  const known = searched + (<usize>rule << 2);
  const end = ended + (<usize>rule << 2);
  if (here <= load<i32>(end)) return false;
  const literal = rules[rule].charCodeAt(next) == 66 ? rules[rule].charCodeAt(next + 1) : 0;
  for (let at = max(here, load<i32>(known)); at <= here + GAP; at++) {
    const passed = byteAt(at);
    if ((literal == 0 || passed == literal) && matches(rule, next, at)) return true;
    tries--;
    store<i32>(known, at + 1);
    if (passed >= 0 && passed != 60 && passed != 62) continue;
    store<i32>(end, at);
    return false;
  }
  return false;
}

/** -1 where there is none. */
function byteAt(at: i32): i32 {
  return at < 0 || at >= size ? -1 : <i32>load<u8>(text + at);
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

/** Put what escapes stand for in their place: %XX, %uXXXX, \\uXXXX, and characters that are longer than they need be, or wide. False when there are none. */
function resolve(): bool {
  let to = 0;
  let at = 0;
  let found = false;
  while (at < size) {
    const byte = byteAt(at);
    const next = byteAt(at + 1);
    let value = -1;
    let width = 1;
    if ((byte == PERCENT || byte == BACKSLASH) && (next | 32) == U) {
      value = hexAt(at + 2, 4);
      width = 6;
    } else if (byte == PERCENT) {
      value = hexAt(at + 1, 2);
      width = 3;
    } else if (byte >= 0xc0) {
      width = widthAt(at, byte);
      if (width > 1) value = characterAt(at, byte, width);
      // What is no wide form of ASCII, nor ASCII in more bytes than it needs, stays.
      if (value > 127 && (value < 0xff01 || value > 0xff5e)) value = -1;
    }
    // The wide forms of ASCII are taken for it by some; of other characters no rule is made.
    if (value >= 0xff01 && value <= 0xff5e) value -= 0xfee0;
    else if (value > 255) value = 63;
    store<u8>(text + to++, <u8>(value < 0 ? byte : value));
    at += value < 0 ? 1 : width;
    found = found || value >= 0;
  }
  size = to;
  return found;
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

/** Lower case; one blank for blanks, line ends, other control characters and the marks of comments, in forms for `+` too; N for a zero byte. */
function simplify(isForm: bool): void {
  let to = 0;
  let at = 0;
  let wasBlank = false;
  while (at < size) {
    let byte = byteAt(at++);
    const next = byteAt(at);
    if ((byte == SLASH && next == STAR) || (byte == STAR && next == SLASH)) {
      at++;
      // What MySQL runs though it stands in a comment.
      if (byte == SLASH && byteAt(at) == 33) for (at++; isDigit(byteAt(at)); ) at++;
      byte = BLANK;
    }
    if (byte == 0) byte = 78;
    else if (byte < BLANK || byte == 127 || (isForm && byte == 43)) byte = BLANK;
    else if (byte >= 65 && byte <= 90) byte |= 32;
    if (byte == BLANK && wasBlank) continue;
    wasBlank = byte == BLANK;
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

function points(met: u64): i32 {
  let sum = 0;
  for (let i = 0; i < rules.length; i++) {
    if ((met & (<u64>1 << i)) != 0) sum += wordAt(rules[i], 1).charCodeAt(0) - 48;
  }
  return sum;
}

/** Only names of the table: nothing that a client wrote gets into the log. */
function namesOf(met: u64): string {
  let names = "";
  for (let i = 0; i < rules.length; i++) {
    if ((met & (<u64>1 << i)) != 0) names += " " + wordAt(rules[i], 0);
  }
  return names;
}

function isEncoded(values: string[]): bool {
  for (let i = 0; i < values.length; i++) if (values[i].trim() != "" && values[i].trim() != "identity") return true;
  return false;
}
