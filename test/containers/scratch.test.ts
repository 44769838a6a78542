import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STAGE_IMAGES, STAGES, type Stage } from '../../functions/shared/contracts/names.ts';
import { BUILDS } from '../../local/images/build-command.ts';
import { resourcesOf, synthesise } from '../lib/synthesised.ts';
import { buildStages, lineage, readDockerfile } from './dockerfile.ts';

const { pipeline } = synthesise().templates;
const definitions = resourcesOf(pipeline, 'AWS::Batch::JobDefinition').map(([, { Properties }]) => Properties);
const stages = buildStages(readDockerfile(readFileSync(new URL('../../containers/Dockerfile', import.meta.url), 'utf8')));

type Container = {
  User: string;
  ReadonlyRootFilesystem: boolean;
  MountPoints: { ContainerPath: string; ReadOnly: boolean }[];
  Environment: { Name: string }[];
};

/** What the production image of a stage sets, by name. */
const environmentOf = (stage: Stage): Record<string, string> => {
  const instructions = lineage(stages, 'production', BUILDS[STAGE_IMAGES[stage]].base);
  const settings = instructions.filter(({ name }) => name === 'ENV').flatMap(({ argument }) => argument.split(/\s+/));
  return Object.fromEntries(settings.map((setting) => setting.split('=') as [string, string]));
};

describe.each(STAGES)('%s, with a root that cannot be written to', (stage) => {
  const container = definitions[STAGES.indexOf(stage)]?.ContainerProperties as Container;
  const image = environmentOf(stage);

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
    expect(names.filter((name) => name in image)).toEqual([]);
  });
});
