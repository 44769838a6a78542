import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STAGE_IMAGES, STAGES } from '../../functions/shared/contracts/names.ts';
import { resourcesOf, synthesise } from '../lib/synthesised.ts';
import { buildStages, readDockerfile } from './dockerfile.ts';

const { pipeline } = synthesise().templates;
const definitions = resourcesOf(pipeline, 'AWS::Batch::JobDefinition').map(([, { Properties }]) => Properties);

type Container = {
  User: string;
  ReadonlyRootFilesystem: boolean;
  MountPoints: { ContainerPath: string; ReadOnly: boolean }[];
  Environment: { Name: string }[];
};

/** What the final build stage of an image sets, by name. */
const environmentOf = (image: string): Record<string, string> => {
  const dockerfile = readFileSync(new URL(`../../containers/${image}/Dockerfile`, import.meta.url), 'utf8');
  const final = buildStages(readDockerfile(dockerfile)).at(-1) ?? [];
  const settings = final.filter(({ name }) => name === 'ENV').flatMap(({ argument }) => argument.split(/\s+/));
  return Object.fromEntries(settings.map((setting) => setting.split('=') as [string, string]));
};

describe.each(STAGES)('%s, with a root that cannot be written to', (stage) => {
  const container = definitions[STAGES.indexOf(stage)]?.ContainerProperties as Container;
  const image = environmentOf(STAGE_IMAGES[stage]);

  it('has one place to write, and its image keeps home, temporary files and the cache of models there', () => {
    expect(container.ReadonlyRootFilesystem).toBe(true);
    const [scratch, ...others] = container.MountPoints;
    expect(others).toEqual([]);
    expect(scratch?.ReadOnly).toBe(false);
    for (const name of ['HOME', 'TMPDIR', 'HF_HOME'])
      expect(`${image[name]}/`).toMatch(new RegExp(`^${scratch?.ContainerPath}/`));
  });

  it('does not get told another place by its job definition', () => {
    const names = container.Environment.map(({ Name }) => Name);
    expect(names.filter((name) => ['HOME', 'TMPDIR', 'HF_HOME'].includes(name))).toEqual([]);
  });
});
