import { crc32 } from 'node:zlib';

const number = (bytes: number, value: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
};

/** A ZIP file with one stored entry: all that a function of a few lines needs. */
export const archiveOf = (name: string, source: string): Buffer => {
  const content = Buffer.from(source);
  const path = Buffer.from(name);
  // Version 2.0, no flags, stored, no time, then what the central directory repeats.
  const common = Buffer.concat([
    number(2, 20),
    number(4, 0),
    number(4, 0x21_0000),
    number(4, crc32(content)),
    number(4, content.length),
    number(4, content.length),
    number(2, path.length),
    number(2, 0),
  ]);
  const local = Buffer.concat([number(4, 0x04034b50), common, path, content]);
  const central = Buffer.concat([
    number(4, 0x02014b50),
    number(2, 20),
    common,
    number(6, 0),
    number(4, 0o100644 * 65536),
    number(4, 0),
    path,
  ]);
  const end = Buffer.concat([
    number(4, 0x06054b50),
    number(4, 0),
    number(2, 1),
    number(2, 1),
    number(4, central.length),
    number(4, local.length),
    number(2, 0),
  ]);
  return Buffer.concat([local, central, end]);
};
