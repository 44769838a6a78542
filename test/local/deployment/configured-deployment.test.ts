import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { commandOptions } from '../../../local/deployment/command-options.ts';
import { configuredDeployment } from '../../../local/deployment/configured-deployment.ts';

const folder = mkdtempSync(join(tmpdir(), 'spotforge-configuration-'));
const written = (content: object): string => {
  const file = join(folder, `${Object.keys(content)[0]}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
};

describe('the deployment that a command is about', () => {
  it('is the default one when nothing is named', () => {
    const { file, deployment } = configuredDeployment({});
    expect(file).toBeUndefined();
    expect(deployment.name).toBe('spotforge');
  });

  it.each(['dev', 'staging', 'prod'])('is the committed configuration of %s', (stage) => {
    const { file, deployment } = configuredDeployment({ stage });
    expect(file).toMatch(new RegExp(`config/${stage}\\.json$`));
    expect(deployment.deliveryStage).toBe(stage);
  });

  it('is a file of the user’s, found from where npm was called', () => {
    written({ name: 'kiln' });
    vi.stubEnv('INIT_CWD', folder);
    expect(configuredDeployment({ config: 'name.json' }).deployment.name).toBe('kiln');
    vi.unstubAllEnvs();
  });

  it('is refused in one sentence when two are named, or none that exists', () => {
    expect(() => configuredDeployment({ config: 'a.json', stage: 'prod' })).toThrow('Give one of the two');
    expect(() => configuredDeployment({ stage: 'production' })).toThrow(
      'There is no delivery stage production, only dev, staging, prod.',
    );
  });

  it('is refused with the name of each field that is wrong, or contradicts another', () => {
    expect(() => configuredDeployment({ config: written({ nmae: 'kiln' }) })).toThrow(/nmae/);
    expect(() => configuredDeployment({ config: written({ edge: {} }) })).toThrow(/edge needs domain/);
  });
});

describe('the options of a command', () => {
  it('are those it knows', () => {
    expect(commandOptions(['config', 'stage'], ['--stage', 'prod'])).toEqual({ stage: 'prod' });
  });

  it('are refused otherwise, with the ones it knows', () => {
    expect(() => commandOptions(['config'], ['--stage', 'prod'])).toThrow(/'--stage'.* Known here: --config VALUE\./);
    expect(() => commandOptions(['config'], ['prod'])).toThrow(/Known here/);
  });
});
