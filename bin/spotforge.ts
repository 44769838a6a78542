import { App } from 'aws-cdk-lib';
import { DeploymentError } from '../lib/config/deployment-error.ts';
import { loadConfigured } from '../lib/config/load-deployment.ts';
import { addSpotforge } from '../lib/spotforge-stacks.ts';

const app = new App({ autoSynth: false }); // an app that could not be built must not leave an empty assembly behind
const context = (key: string): string | undefined => {
  const value: unknown = app.node.tryGetContext(key);
  return typeof value === 'string' ? value : undefined;
};
try {
  addSpotforge(app, loadConfigured({ stage: context('stage'), config: context('config') }));
  app.synth();
} catch (error) {
  if (!(error instanceof DeploymentError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
