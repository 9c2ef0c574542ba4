/** What a name could be among a message's words: without the points and colons of its sentence, and in parts as well. */
export function wordsOf(message: string): ReadonlySet<string> {
  const words = message.split(/[\s'"`()[\]{}<>,;]+/);
  return new Set([
    ...words,
    ...words.map((word) => word.replace(/^[.:!?]+|[.:!?]+$/g, "")),
    ...message.split(/[^\w|/@-]+/),
  ]);
}
