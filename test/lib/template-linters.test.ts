import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../local/tier/paths.ts';
import { DEPLOYMENTS } from './every-switch.ts';
import { synthesise } from './synthesised.ts';

const CFN_LINT = join(ROOT, '.venv/bin/cfn-lint');
const CHECKOV = join(ROOT, '.venv-audit/bin/checkov');
const DOCKERFILES = ['containers/Dockerfile', 'containers/inference/Dockerfile'].map((file) => join(ROOT, file));
const MINUTES = 60_000;

/** A restored deployment has nothing that the others lack, and the linters take their time. */
const { 'a restored deployment': _, ...LINTED } = DEPLOYMENTS;

const planted = mkdtempSync(join(tmpdir(), 'planted-'));
afterAll(() => rmSync(planted, { recursive: true, force: true }));

/** What a linter writes, whether it found something or not. */
const output = (program: string, args: string[]): Promise<string> =>
  promisify(execFile)(program, args, { cwd: ROOT, env: { ...process.env, LOG_LEVEL: 'ERROR' }, maxBuffer: 64 * 2 ** 20 })
    .then(({ stdout }) => stdout)
    .catch(({ stdout }: { stdout: string }) => stdout);

/** The rules that a configuration ignores, each with the comment above it, which holds for the rules that follow without one. */
const ignoredBy = (file: string): Map<string, string> => {
  const [, list = ''] = readFileSync(join(ROOT, file), 'utf8').split(/^(?:ignore_checks|skip-check):$/m);
  let reason = '';
  const ignored = new Map<string, string>();
  for (const line of list.split('\n')) {
    const comment = /^ {2}# (.+)$/.exec(line)?.[1];
    if (comment) reason = comment;
    const id = /^ {2}- (\S+)$/.exec(line)?.[1];
    if (id) ignored.set(id, reason);
  }
  return ignored;
};

let templates: string[] = [];
beforeAll(() => {
  templates = Object.values(LINTED).flatMap((deployment) => {
    const { folder } = synthesise(deployment);
    return readdirSync(folder)
      .filter((name) => name.endsWith('.template.json'))
      .map((name) => join(folder, name));
  });
  mkdirSync(join(planted, 'image'));
  const publicBucket = { Type: 'AWS::S3::Bucket', Properties: { AccessControl: 'PublicRead' } };
  writeFileSync(join(planted, 'public.template.json'), JSON.stringify({ Resources: { Public: publicBucket } }));
  const wrongType = { Type: 'AWS::S3::Bucket', Properties: { BucketName: ['a', 'list'] } };
  writeFileSync(join(planted, 'wrong.template.json'), JSON.stringify({ Resources: { Wrong: wrongType } }));
  writeFileSync(join(planted, 'image/Dockerfile'), 'FROM python:latest\nRUN echo done\n');
}, 2 * MINUTES);

it.each(['.cfnlintrc', '.checkov.yaml'])('%s gives a reason for every rule that it ignores', (file) => {
  expect(ignoredBy(file).size).toBeGreaterThan(0);
  for (const [id, reason] of ignoredBy(file)) expect(`${id}: ${reason}`).toMatch(/^\w+: .{30,}/);
});

describe('cfn-lint', () => {
  type Finding = { Rule: { Id: string }; Message: string; Filename: string };

  const isFalsePositive = ({ Rule, Message }: Finding): boolean =>
    Rule.Id === 'E3601' && /is not of type 'number' at 'States\/\w+\/TimeoutSeconds'/.test(Message);

  it(
    'finds nothing in the templates but a false positive of its own, and does find what is planted',
    async () => {
      const wrong = join(planted, 'wrong.template.json');
      const ignored = [...ignoredBy('.cfnlintrc').keys()].filter((id) => id !== 'E3601');
      const args = ['--format', 'json', '--ignore-checks', ...ignored, '--', ...templates, wrong];
      const findings = JSON.parse(await output(CFN_LINT, args)) as Finding[];
      const ours = findings.filter(({ Filename }) => Filename !== wrong);
      expect(ours.filter((finding) => !isFalsePositive(finding)).map(({ Rule, Message }) => `${Rule.Id} ${Message}`)).toEqual([]);
      // One a stage and deployment: an upgrade that mends it makes this list unnecessary.
      expect(ours.filter(isFalsePositive)).toHaveLength(8 * Object.keys(LINTED).length);
      expect(findings.filter(({ Filename }) => Filename === wrong).map(({ Rule }) => Rule.Id)).toContain('E3012');
    },
    3 * MINUTES,
  );
});

describe('checkov', () => {
  type Check = { check_id: string; check_name: string; resource: string; repo_file_path: string };
  type Report = { check_type: string; results: { failed_checks: Check[] }; summary: { parsing_errors: number } };

  it(
    'finds nothing in templates and Dockerfiles without a written reason, and does find what is planted',
    async () => {
      expect(existsSync(CHECKOV), `${CHECKOV} is missing: npm test makes it`).toBe(true);
      const files = [...templates, ...DOCKERFILES, join(planted, 'public.template.json'), join(planted, 'image/Dockerfile')];
      const args = ['--config-file', '.checkov.yaml', '--output', 'json', '--file', ...files];
      const reports = JSON.parse(await output(CHECKOV, args)) as Report[];
      expect(reports.map(({ check_type }) => check_type).sort()).toEqual(['cloudformation', 'dockerfile']);
      expect(reports.map(({ summary }) => summary.parsing_errors)).toEqual([0, 0]);
      const failed = reports.flatMap(({ results }) => results.failed_checks);
      const isPlanted = ({ repo_file_path: path }: Check): boolean => path.includes('planted-');
      expect(
        failed.filter((check) => !isPlanted(check)).map((check) => `${check.check_id} ${check.check_name}: ${check.resource}`),
      ).toEqual([]);
      const found = failed.filter(isPlanted).map(({ check_id }) => check_id);
      expect(found).toEqual(expect.arrayContaining(['CKV_AWS_20', 'CKV_AWS_53', 'CKV_DOCKER_3', 'CKV_DOCKER_7']));
    },
    3 * MINUTES,
  );
});
