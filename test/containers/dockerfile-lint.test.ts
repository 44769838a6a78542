import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../local/tier/paths.ts';

const HADOLINT = join(ROOT, '.venv-audit/bin/hadolint');
const CONFIGURATION = join(ROOT, '.hadolint.yaml');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const dockerfile = read('containers/Dockerfile');
const server = read('containers/inference/Dockerfile');

/** The rules that a Dockerfile breaks, and hadolint's exit code. */
const lint = (text: string): { rules: string[]; exitCode: number | null } => {
  const args = ['--config', CONFIGURATION, '--format', 'json', '-'];
  const { stdout, stderr, status } = spawnSync(HADOLINT, args, { input: text, encoding: 'utf8' });
  if (stdout === '' || stdout === null) throw new Error(`hadolint says nothing: ${stderr ?? `there is no ${HADOLINT}`}`);
  return { rules: (JSON.parse(stdout) as { code: string }[]).map(({ code }) => code), exitCode: status };
};

describe('hadolint', () => {
  it('finds nothing in the Dockerfiles', () => {
    expect(lint(dockerfile)).toEqual({ rules: [], exitCode: 0 });
    expect(lint(server)).toEqual({ rules: [], exitCode: 0 });
  });

  it.each([
    ['DL3006', 'a base without a version', 'FROM python\nUSER 1001\n'],
    ['DL3007', 'a base that is another one tomorrow', 'FROM python:latest\nUSER 1001\n'],
    ['DL3026', 'a base from a registry that is not trusted', 'FROM example.com/python:3.11.14\nUSER 1001\n'],
    ['DL3002', 'root as the last user', 'FROM python:3.11.14\nUSER root\n'],
    ['DL3008', 'a package of the distribution without a version', `${dockerfile.replace('# hadolint ignore=DL3008\n', '')}`],
    ['DL3059', 'a matter of style', 'FROM python:3.11.14\nRUN true\nRUN false\nUSER 1001\n'],
  ])('would find %s, %s', (rule, _what, planted) => {
    const { rules, exitCode } = lint(planted);
    expect(rules).toContain(rule);
    expect(exitCode).toBe(1);
  });

  it('ignores one rule at one line, and that line says why', () => {
    const ignored = dockerfile.split('\n').filter((line) => line.includes('hadolint ignore'));
    expect(ignored).toEqual(['# hadolint ignore=DL3008']);
    expect(server).not.toContain('hadolint ignore');
    expect(dockerfile).toContain("which is why apt's packages carry no version");
    expect(readFileSync(CONFIGURATION, 'utf8')).not.toMatch(/^ignored:/m);
  });
});
