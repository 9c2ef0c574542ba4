import { type CodePointRange, type CodePointSet, everything, setOf } from "./code-points.ts";

const digit: CodePointSet = [[0x30, 0x39]];
const upper: CodePointSet = [[0x41, 0x5a]];
const lower: CodePointSet = [[0x61, 0x7a]];
const alpha: CodePointSet = [...upper, ...lower];
const word: CodePointSet = [...digit, ...upper, [0x5f, 0x5f], ...lower];

/** What stands in `[[:NAME:]]`: ASCII only. */
export const posixClasses: Readonly<Record<string, CodePointSet>> = {
  alnum: [...digit, ...alpha],
  alpha,
  ascii: [[0, 0x7f]],
  blank: [
    [9, 9],
    [0x20, 0x20],
  ],
  cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  digit,
  graph: [[0x21, 0x7e]],
  lower,
  print: [[0x20, 0x7e]],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  space: [
    [9, 13],
    [0x20, 0x20],
  ],
  upper,
  word,
  xdigit: [...digit, [0x41, 0x46], [0x61, 0x66]],
};

/** `\d`, `\s` and `\w`: ASCII only, and `\s` has no vertical tab. */
export const perlClasses: Readonly<Record<string, CodePointSet>> = {
  d: digit,
  s: [
    [9, 10],
    [12, 13],
    [0x20, 0x20],
  ],
  w: word,
};

const categories =
  "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split(
    " ",
  );

// RE2 knows scripts by their long names in this spelling only, where V8 also takes short ones.
const scripts =
  `Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki
Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common
Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan
Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo
Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada
Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu
Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui
Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue
Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian
Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa
Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng
Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai
Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square`.split(
    /\s/,
  );

const surrogates: CodePointRange = [0xd800, 0xdfff];
const known = new Map<string, CodePointSet>();

/** The set that RE2 means by `\p{NAME}`; undefined where it knows no such name. */
export function unicodeClass(name: string): CodePointSet | undefined {
  if (name === "Any") return everything;
  const found = known.get(name);
  if (found !== undefined) return found;
  let set: CodePointSet;
  // RE2 leaves unassigned code points out of `C`, and V8 cannot be asked for surrogates in a well-formed text.
  if (name === "C") set = setOf([...scan("[\\p{Cc}\\p{Cf}\\p{Co}]"), surrogates]);
  else if (name === "Cs") set = [surrogates];
  else if (categories.includes(name)) set = scan(`\\p{${name}}`);
  else if (scripts.includes(name)) set = scan(`\\p{Script=${name}}`);
  else return undefined;
  known.set(name, set);
  return set;
}

/** The name that somebody meant who wrote this one, when all that differs is upper and lower case or how words are joined. */
export function similarUnicodeClass(name: string): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, "");
  return [...categories, ...scripts, "Any"].find((other) => plain(other) === plain(name));
}

/** The set and whatever equals one of it but for case: RE2's `(?i)`, which is Unicode's simple case folding. */
export function foldCase(set: CodePointSet): CodePointSet {
  const added: CodePointRange[] = [];
  for (const orbit of orbits()) {
    if (orbit.some((member) => has(set, member)))
      added.push(...orbit.map((member) => [member, member] as const));
  }
  return added.length === 0 ? set : setOf([...set, ...added]);
}

function has(set: CodePointSet, codePoint: number): boolean {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle]?.[1] ?? 0) < codePoint) low = middle + 1;
    else high = middle;
  }
  const range = set[low];
  return range !== undefined && range[0] <= codePoint;
}

let folding: readonly (readonly number[])[] | undefined;

/** Groups of code points that are the same but for case, as V8 has them. */
function orbits(): readonly (readonly number[])[] {
  if (folding !== undefined) return folding;
  // Code points of one group have one text in common when put in lower and then upper case, but not only they: `ı` and `I`.
  const candidates = new Map<string, number[]>();
  for (const [first, last] of scan("[\\p{Changes_When_Casemapped}\\p{Changes_When_Casefolded}]")) {
    for (let codePoint = first; codePoint <= last; codePoint++) {
      const key = String.fromCodePoint(codePoint).toLowerCase().toUpperCase();
      const group = candidates.get(key);
      if (group === undefined) candidates.set(key, [codePoint]);
      else group.push(codePoint);
    }
  }
  const found: number[][] = [];
  for (const group of candidates.values()) {
    for (let rest = group; rest.length > 1; ) {
      const same = new RegExp(`^\\u{${rest[0]?.toString(16)}}$`, "iu");
      const orbit = rest.filter((member) => same.test(String.fromCodePoint(member)));
      if (orbit.length > 1) found.push(orbit);
      rest = rest.filter((member) => !orbit.includes(member));
    }
  }
  folding = found;
  return found;
}

let allCodePoints: string | undefined;

/** Every code point once, surrogates aside: 4 MB, made when a pattern first asks for more than ASCII. */
function everyCodePoint(): string {
  if (allCodePoints !== undefined) return allCodePoints;
  const units = new Uint16Array(0xf800 + 2 * 0x100000);
  for (let at = 0; at < 0xf800; at++) units[at] = at < 0xd800 ? at : at + 0x800;
  for (let above = 0; above < 0x100000; above++) {
    units[0xf800 + 2 * above] = 0xd800 + (above >> 10);
    units[0xf801 + 2 * above] = 0xdc00 + (above & 0x3ff);
  }
  allCodePoints = new TextDecoder("utf-16le").decode(units);
  return allCodePoints;
}

/** Ask V8 which code points are of a class. No class asked for has members on both sides of the surrogates' gap. */
function scan(characterClass: string): CodePointSet {
  const ranges: CodePointRange[] = [];
  for (const match of everyCodePoint().matchAll(new RegExp(`${characterClass}+`, "gu"))) {
    ranges.push([codePointAt(match.index), codePointAt(match.index + match[0].length - 1)]);
  }
  return setOf(ranges);
}

function codePointAt(unit: number): number {
  if (unit < 0xd800) return unit;
  if (unit < 0xf800) return unit + 0x800;
  return 0x10000 + ((unit - 0xf800) >> 1);
}
