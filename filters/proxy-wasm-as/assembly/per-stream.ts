import { noteLook } from "./gone";
import { isThere } from "./kept";
import { addRecord, createSlab, findRecord } from "./slab";
import { Stream } from "./stream";

/**
 * A record for each stream, from when it is first asked for until the stream has gone: `const states = new PerStream<State>()` at the top of
 * a filter, and `states.of(request)` in its callbacks. `State` is a class whose fields are numbers and bools, with their initial values;
 * what else is made in a callback does not last as long, and the build refuses it. Memory is used again, so that it grows with the streams that are open at one time.
 */
export class PerStream<T> {
  private readonly slab: usize = createSlab(offsetof<T>());

  /** The stream's record, whose fields can be written. Of a stream that has gone nothing is kept. No call of the host. */
  of(stream: Stream): T {
    noteLook();
    let record = findRecord(this.slab, stream.id);
    if (record == 0) {
      const fresh = instantiate<T>();
      if (!isThere(stream.id)) return fresh;
      record = addRecord(this.slab, stream.id);
      memory.copy(record, changetype<usize>(fresh), offsetof<T>());
    }
    return changetype<T>(record);
  }

  /** Whether the stream has one. No call of the host. */
  has(stream: Stream): bool {
    noteLook();
    return findRecord(this.slab, stream.id) != 0;
  }
}
