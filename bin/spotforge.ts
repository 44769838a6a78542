import { App } from 'aws-cdk-lib';
import { DeploymentError } from '../lib/config/deployment-error.ts';
import { loadDeployment } from '../lib/config/load-deployment.ts';
import { addSpotforge } from '../lib/spotforge-stacks.ts';

const app = new App({ autoSynth: false }); // an app that could not be built must not leave an empty assembly behind
const config: unknown = app.node.tryGetContext('config');
try {
  addSpotforge(app, loadDeployment(typeof config === 'string' ? config : undefined));
  app.synth();
} catch (error) {
  if (!(error instanceof DeploymentError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
