import { log } from "./logging";
import { rootOf } from "./roots";

// Parameters of a filter that stands for itself, from a JSON object in the plugin configuration. For each configuration there is a block in
// one region, so that neither a new one nor one that has gone leaks: root, size, 16 bytes for each parameter, and texts behind them. Of
// these 16 bytes the first four say whether it is configured, the next how long a text is, and the last eight are the number, or where in
// the block the text begins.
const REGION: usize = 1015808;
const HEAD: usize = 8;
const VALUE: usize = 16;
/** What a configuration may have, in characters: the region has room for seven of the longest. */
const LONGEST = 65536;
/** So much of what is wrong is shown. */
const SHOWN = 40;

let used: usize = 0;

/**
 * Take a configuration; false when it cannot be understood, with a log line that says why. `declared` has a line for each parameter, type
 * and name; an empty configuration leaves all to their defaults. `F` is `f64` where one of them is, and else `i64`: the library reads fractions with a lot of code.
 */
export function configureParameters<F>(root: u32, text: string, declared: string): bool {
  const block = region() + used;
  const texts = HEAD + <usize>countOf(declared) * VALUE;
  const room = texts + <usize>text.length * 2;
  if (text.length > LONGEST || used + room > REGION) return refuse("there is no room for it");
  memory.fill(block, 0, texts);
  const reader = new Reader<F>(text, block, texts);
  const wrong = reader.read(declared);
  if (wrong !== "") return refuse(wrong);
  store<u32>(block, root);
  store<u32>(block, <u32>reader.end, 4);
  used += reader.end;
  const old = blockOfRoot(root, block);
  if (old != 0) remove(old);
  return true;
}

/** The configuration of a context has gone; of streams nothing is kept here. */
export function forgetParameters(context: u32): void {
  const block = blockOfRoot(context, region() + used);
  if (block != 0) remove(block);
}

/** What a context's parameters are configured with; 0 when it has no configuration yet. */
export function parametersOf(context: u32): usize {
  return blockOfRoot(rootOf(context), region() + used);
}

/** One of them. A text is made anew for each callback. */
export function parameterAt<T>(block: usize, place: u32, otherwise: T): T {
  const value = block + HEAD + <usize>place * VALUE;
  if (block == 0 || load<u32>(value) == 0) return otherwise;
  if (isString<T>()) {
    const size = <usize>load<u32>(value, 4);
    const text = __new(size, idof<string>());
    memory.copy(text, block + <usize>load<u64>(value, 8), size);
    return changetype<T>(text);
  }
  if (isFloat<T>()) return <T>load<f64>(value, 8);
  return <T>load<i64>(value, 8);
}

/** Reads one object of texts, numbers and bools: what else there is in JSON is wrong wherever it stands, so nothing is nested. */
class Reader<F> {
  private at: i32 = 0;
  private failed: bool = false;

  constructor(
    private text: string,
    private block: usize,
    /** Behind the last text. */
    public end: usize,
  ) {}

  /** What is wrong; "" when nothing is. */
  read(declared: string): string {
    this.skipSpace();
    if (this.at == this.text.length) return "";
    if (this.peek() != 0x7b) return "expected an object, found " + this.shown();
    this.at++;
    this.skipSpace();
    if (this.peek() == 0x7d) this.at++;
    else
      for (;;) {
        const start = this.at;
        if (this.peek() != 0x22) return this.notJson();
        const key = this.readText();
        if (this.failed) return this.notJson();
        const keyShown = cut(this.text.substring(start + 1, this.at - 1));
        this.skipSpace();
        if (this.peek() != 0x3a) return this.notJson();
        this.at++;
        this.skipSpace();
        const place = placeOf(declared, key);
        if (place < 0) return quoted(keyShown) + " is no parameter: expected " + namesOf(declared) + ", found " + this.shown();
        const value = this.block + HEAD + <usize>place * VALUE;
        if (load<u32>(value) != 0) return quoted(keyShown) + " is there twice";
        const began = this.at;
        const type = typeOf(lineOf(declared, place));
        if (!this.readValue(type, value)) {
          if (this.failed) return this.notJson();
          this.at = began;
          return quoted(keyShown) + ": expected " + nounOf(type) + ", found " + this.shown();
        }
        store<u32>(value, 1);
        this.skipSpace();
        const next = this.peek();
        this.at++;
        if (next == 0x7d) break;
        if (next != 0x2c) {
          this.at--;
          return this.notJson();
        }
        this.skipSpace();
      }
    this.skipSpace();
    return this.at == this.text.length ? "" : this.notJson();
  }

  private readValue(type: string, value: usize): bool {
    if (type == "string") {
      if (this.peek() != 0x22) return false;
      const found = this.readText();
      if (this.failed) return false;
      const size = <usize>found.length * 2;
      memory.copy(this.block + this.end, changetype<usize>(found), size);
      store<u32>(value, <u32>size, 4);
      store<u64>(value, this.end, 8);
      this.end += size;
      return true;
    }
    const word = this.readWord();
    if (type == "bool") {
      store<i64>(value, i64(word == "true"), 8);
      return word == "true" || word == "false";
    }
    if (!isNumber(word)) return false;
    if (isFloat<F>()) {
      if (type == "f64") {
        const number = parseFloat(word);
        store<f64>(value, number, 8);
        return isFinite(number);
      }
    }
    const bits = type == "i32" ? 31 : 63;
    return storeInt(value + 8, word, bits);
  }

  /** Between quotes. */
  private readText(): string {
    let found = "";
    let from = ++this.at;
    for (;;) {
      // A loop of its own: each turn of the one around it is charged for all that is in it.
      let unit = this.peek();
      while (unit >= 0x20 && unit != 0x22 && unit != 0x5c) {
        this.at++;
        unit = this.peek();
      }
      if (unit == 0x22) {
        found += this.text.substring(from, this.at++);
        return found;
      }
      // A control character, or the end.
      if (unit != 0x5c) break;
      found += this.text.substring(from, this.at++);
      const escaped = this.readEscape();
      if (escaped < 0) break;
      found += String.fromCharCode(escaped);
      from = this.at;
    }
    this.failed = true;
    return "";
  }

  /** Behind a backslash; negative where it is none. */
  private readEscape(): i32 {
    const unit = this.peek();
    if (unit < 0) return -1;
    this.at++;
    switch (unit) {
      case 0x22:
      case 0x5c:
      case 0x2f:
        return unit;
      case 0x62:
        return 8;
      case 0x66:
        return 12;
      case 0x6e:
        return 10;
      case 0x72:
        return 13;
      case 0x74:
        return 9;
      case 0x75: {
        let value = 0;
        for (let i = 0; i < 4; i++) {
          const digit = hexadecimal(this.peek());
          if (digit < 0) return -1;
          value = (value << 4) | digit;
          this.at++;
        }
        return value;
      }
      default:
        return -1;
    }
  }

  private readWord(): string {
    const from = this.at;
    while (isOfWord(this.peek())) this.at++;
    return this.text.substring(from, this.at);
  }

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  private skipSpace(): void {
    for (let unit = this.peek(); unit == 0x20 || (unit >= 9 && unit <= 13 && unit != 11 && unit != 12); ) {
      this.at++;
      unit = this.peek();
    }
  }

  private notJson(): string {
    return "it is no JSON from character " + decimal(this.at) + " on";
  }

  /** What stands here, in one line. */
  private shown(): string {
    const unit = this.peek();
    if (unit == 0x7b) return "an object";
    if (unit == 0x5b) return "a list";
    const from = this.at;
    if (unit == 0x22) {
      this.readText();
      if (!this.failed) return cut(this.text.substring(from, this.at));
      return "a text without an end";
    }
    const word = this.readWord();
    if (word != "") return cut(word);
    return unit > 0x20 ? String.fromCharCode(unit) : "nothing";
  }
}

/** The largest whole number up to which each is a float of its own. */
const EXACT: u64 = 9007199254740992;

/** Digits, or a whole number in another guise, such as 1e3, which a configuration that was made of a protobuf Struct may have. */
function storeInt(to: usize, word: string, bits: i32): bool {
  const negative = word.charCodeAt(0) == 0x2d;
  const most: u64 = (<u64>1 << bits) - u64(!negative);
  let sum: u64 = 0;
  let at = i32(negative);
  for (; at < word.length; at++) {
    const digit = <u64>(word.charCodeAt(at) - 48);
    if (digit > 9) break;
    if (sum > (most - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  if (at < word.length) {
    sum = wholeOf(word, at, sum);
    if (sum > min(most, EXACT)) return false;
  }
  store<i64>(to, negative ? -(<i64>sum) : <i64>sum);
  return true;
}

/** What a number comes to that goes on with a fraction or an exponent, or both; more than `EXACT` when that is not whole, or too much. */
function wholeOf(word: string, from: i32, whole: u64): u64 {
  const none = u64.MAX_VALUE;
  let sum = whole;
  // By how many places the point is further right than behind these digits.
  let shift = 0;
  let at = from;
  if (word.charCodeAt(at) == 0x2e) {
    let zeros = 0;
    for (at++; at < word.length && <u32>(word.charCodeAt(at) - 48) <= 9; at++) {
      zeros++;
      const digit = <u64>(word.charCodeAt(at) - 48);
      if (digit == 0) continue;
      for (shift -= zeros; zeros > 0; zeros--) {
        if (sum > EXACT) return none;
        sum *= 10;
      }
      sum += digit;
    }
  }
  if (at < word.length) {
    const sign = word.charCodeAt(++at);
    if (sign == 0x2b || sign == 0x2d) at++;
    let exponent = 0;
    for (; at < word.length; at++) exponent = min(exponent * 10 + word.charCodeAt(at) - 48, 1000000);
    shift += sign == 0x2d ? -exponent : exponent;
  }
  if (sum == 0) return 0;
  for (; shift > 0; shift--) {
    if (sum > EXACT) return none;
    sum *= 10;
  }
  for (; shift < 0; shift++) {
    if (sum % 10 != 0) return none;
    sum /= 10;
  }
  return sum;
}

/** As JSON writes them. */
function isNumber(word: string): bool {
  let at = i32(word.charCodeAt(0) == 0x2d);
  const whole = digits(word, at);
  if (whole == 0 || (whole > 1 && word.charCodeAt(at) == 0x30)) return false;
  at += whole;
  if (at < word.length && word.charCodeAt(at) == 0x2e) {
    const fraction = digits(word, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < word.length && (word.charCodeAt(at) | 0x20) == 0x65) {
    at++;
    if (at < word.length && (word.charCodeAt(at) == 0x2b || word.charCodeAt(at) == 0x2d)) at++;
    const exponent = digits(word, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == word.length;
}

function digits(word: string, from: i32): i32 {
  let at = from;
  while (at < word.length && <u32>(word.charCodeAt(at) - 48) <= 9) at++;
  return at - from;
}

function hexadecimal(unit: i32): i32 {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const letter = unit | 0x20;
  return unit > 0 && letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isOfWord(unit: i32): bool {
  const letter = unit | 0x20;
  if (unit < 0) return false;
  return (letter >= 0x61 && letter <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || unit == 0x2b || unit == 0x2d || unit == 0x2e;
}

function cut(text: string): string {
  return text.length > SHOWN ? text.substring(0, SHOWN) + "…" : text;
}

function countOf(declared: string): i32 {
  let count = 1;
  for (let i = 0; i < declared.length; i++) if (declared.charCodeAt(i) == 10) count++;
  return count;
}

function lineOf(declared: string, place: i32): string {
  let from = 0;
  for (; place > 0; place--) from = declared.indexOf("\n", from) + 1;
  const end = declared.indexOf("\n", from);
  return declared.substring(from, end < 0 ? declared.length : end);
}

function placeOf(declared: string, name: string): i32 {
  const count = countOf(declared);
  for (let i = 0; i < count; i++) if (nameOf(lineOf(declared, i)) == name) return i;
  return -1;
}

function typeOf(line: string): string {
  return line.substring(0, line.indexOf(" "));
}

function nameOf(line: string): string {
  return line.substring(line.indexOf(" ") + 1);
}

function namesOf(declared: string): string {
  const count = countOf(declared);
  let all = "";
  for (let i = 0; i < count; i++) {
    const line = lineOf(declared, i);
    all += (i == 0 ? "" : ", ") + quoted(nameOf(line)) + " (" + typeOf(line) + ")";
  }
  return all;
}

function nounOf(type: string): string {
  const vowel = type.charCodeAt(0) == 0x69 || type.charCodeAt(0) == 0x66;
  return (vowel ? "an " : "a ") + type;
}

function quoted(text: string): string {
  return "`" + text + "`";
}

function decimal(value: i32): string {
  let text = "";
  do {
    text = String.fromCharCode(48 + (value % 10)) + text;
    value /= 10;
  } while (value > 0);
  return text;
}

function refuse(why: string): bool {
  log.error("configuration refused: " + why);
  return false;
}

/** The block of a root, of those that begin before `end`; 0 when there is none. */
function blockOfRoot(root: u32, end: usize): usize {
  for (let block = region(); block < end; block += <usize>load<u32>(block, 4)) {
    if (load<u32>(block) == root) return block;
  }
  return 0;
}

function remove(block: usize): void {
  const size = <usize>load<u32>(block, 4);
  used -= size;
  memory.copy(block, block + size, region() + used - block);
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function region(): usize {
  return ASC_RUNTIME == 0 ? __room() : reserved();
}

function reserved(): usize {
  return memory.data(1015808);
}
