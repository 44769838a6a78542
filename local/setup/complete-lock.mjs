/**
 * `npm run lock`: npm drops from the lock file the optional packages of other platforms that a registry does not serve, and `npm ci` then
 * refuses the lock file everywhere. This puts them back, by the version that their parent names; they are installed on their platform only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './step.mjs';

const PLATFORM = /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64)/;

const file = join(ROOT, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const { packages } = lock;
for (const [path, parent] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
    const [, os, cpu] = PLATFORM.exec(name) ?? [];
    const key = `node_modules/${name}`;
    if (os === undefined || packages[key] || packages[`${path}/${key}`]) continue;
    const libc = name.includes('musl') ? { libc: ['musl'] } : os === 'linux' && name.includes('gnu') ? { libc: ['glibc'] } : {};
    packages[key] = {
      version: range.replace('^', ''),
      cpu: [cpu],
      ...(parent.dev ? { dev: true } : {}),
      ...libc,
      optional: true,
      os: [os],
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
