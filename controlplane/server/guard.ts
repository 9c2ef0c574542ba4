/**
 * Whoever uses the server may make mistakes in what it calls. They do not stop it in the midst of a client's message: they are thrown once
 * that is done, as an exception that nobody has caught.
 */
export function guarded<Args extends readonly unknown[], Result>(
  callback: ((...args: Args) => Result) | undefined,
  otherwise: Result,
): (...args: Args) => Result {
  return (...args) => {
    try {
      return callback === undefined ? otherwise : callback(...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
      return otherwise;
    }
  };
}
