import { noBytes } from "./bytes.ts";

/** The fields of a message of protobuf: numbers and bytes by their number, the last one of each. Undefined when it is none. */
export function readMessage(bytes: Uint8Array): ReadonlyMap<number, number | Uint8Array> | undefined {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) return Number.NaN;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    if (Number.isNaN(tag) || field === 0) return undefined;
    switch (tag % 8) {
      case 0: {
        const value = varint();
        if (Number.isNaN(value)) return undefined;
        fields.set(field, value);
        break;
      }
      case 2: {
        const end = varint() + at;
        if (!(end <= bytes.length)) return undefined;
        fields.set(field, bytes.slice(at, end));
        at = end;
        break;
      }
      case 1:
      case 5: {
        at += tag % 8 === 1 ? 8 : 4;
        if (at > bytes.length) return undefined;
        break;
      }
      default:
        return undefined;
    }
  }
  return fields;
}

/** A field of bytes; empty when it is missing. */
export function bytesField(fields: ReadonlyMap<number, number | Uint8Array>, field: number): Uint8Array {
  const value = fields.get(field);
  return value instanceof Uint8Array ? value : noBytes;
}
