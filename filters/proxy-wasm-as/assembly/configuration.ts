import { cell } from "./cell";
import { BufferType, LogLevel, Status } from "./enums";
import { proxy_get_buffer_bytes, proxy_log } from "./env";
import { decodeBytes } from "./utf8";

/** The plugin's configuration, "" when there is none; null, and said in the log, when it is not UTF-8. `proxy_get_buffer_bytes`. */
export function configurationText(size: u32): string | null {
  return textOf(BufferType.PluginConfiguration, size);
}

/** The same of the VM's. `proxy_get_buffer_bytes`. */
export function vmConfigurationText(size: u32): string | null {
  return textOf(BufferType.VmConfiguration, size);
}

function textOf(buffer: BufferType, size: u32): string | null {
  if (size == 0) return "";
  const status = proxy_get_buffer_bytes(buffer, 0, size, cell + 4, cell);
  const text: string | null = status != Status.Ok ? null : decodeBytes(load<u64>(cell));
  if (text === null) {
    // "configuration refused: it is not UTF-8"
    const line = memory.data<u8>([
      99, 111, 110, 102, 105, 103, 117, 114, 97, 116, 105, 111, 110, 32, 114, 101, 102, 117, 115, 101, 100, 58, 32, 105,
      116, 32, 105, 115, 32, 110, 111, 116, 32, 85, 84, 70, 45, 56,
    ]);
    proxy_log(LogLevel.Error, line, 38);
  }
  return text;
}
