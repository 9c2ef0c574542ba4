import { narrow } from "./byte-string";
import { lengthOf, MISSING, pointerOf } from "./bytes";
import { cell } from "./cell";
import { MetricType, Status } from "./enums";
import { proxy_define_metric, proxy_get_metric, proxy_increment_metric, proxy_record_metric } from "./env";
import { holdsBack } from "./guard";

/** A metric, which the host is told of when it is used first: it cannot be while the module starts. Made at the top of a filter. */
class Metric {
  private readonly name: string;
  private readonly type: MetricType;
  private isDefined: bool = false;
  private number: u32 = 0;

  constructor(name: string, type: MetricType) {
    this.name = name;
    this.type = type;
  }

  /** Its number in the VM; `proxy_define_metric`. */
  protected define(): Status {
    if (this.isDefined) return Status.Ok;
    const name = narrow(this.name);
    if (name == MISSING) return Status.BadArgument;
    const status = proxy_define_metric(this.type, pointerOf(name), lengthOf(name), cell);
    this.isDefined = status == Status.Ok;
    this.number = load<u32>(cell);
    return status;
  }

  protected change(by: i64): Status {
    if (holdsBack()) return Status.Ok;
    const status = this.define();
    return status != Status.Ok ? status : proxy_increment_metric(this.number, by);
  }

  protected write(value: u64): Status {
    if (holdsBack()) return Status.Ok;
    const status = this.define();
    return status != Status.Ok ? status : proxy_record_metric(this.number, value);
  }

  protected read(): u64 {
    if (this.define() != Status.Ok || proxy_get_metric(this.number, cell) != Status.Ok) return 0;
    return load<u64>(cell);
  }
}

/** A number that goes up, over all workers: `const hits = new Counter("hits")`. Envoy calls it `wasmcustom.` and this name, and its page of statistics the name alone. `proxy_define_metric`, when it is used first. */
export class Counter extends Metric {
  constructor(name: string) {
    super(name, MetricType.Counter);
  }

  /** So many more, by default one; `BadArgument` for 0 and less: it does not go down. `proxy_increment_metric`. */
  increment(by: i64 = 1): Status {
    return this.change(by);
  }

  /** What all workers have made of it; 0 where the host knows none. `proxy_get_metric`. */
  get value(): u64 {
    return this.read();
  }
}

/** A number that goes up and down, over all workers: `const waiting = new Gauge("waiting")`, named as a `Counter` is. */
export class Gauge extends Metric {
  constructor(name: string) {
    super(name, MetricType.Gauge);
  }

  /** Have it at this, on all workers. `proxy_record_metric`. */
  set(value: u64): Status {
    return this.write(value);
  }

  /** Change it by this, by a negative number down. `proxy_increment_metric`. */
  add(by: i64): Status {
    return this.change(by);
  }

  /** What all workers have made of it; 0 where the host knows none. `proxy_get_metric`. */
  get value(): u64 {
    return this.read();
  }
}

/** How values are spread, over all workers: `const took = new Histogram("took_ms")`, named as a `Counter` is. */
export class Histogram extends Metric {
  constructor(name: string) {
    super(name, MetricType.Histogram);
  }

  /** One more value, in a unit that its name says, as `checked_ms`. `proxy_record_metric`. */
  record(value: u64): Status {
    return this.write(value);
  }
}
