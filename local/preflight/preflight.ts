/**
 * `npm run preflight [-- --config FILE | --stage STAGE] [--region REGION] [--profile PROFILE]`: what an AWS account still lacks for a deployment, and
 * what to do about it. Reads only. Exit code 1 when something blocks.
 */
import { assemblyFor } from '../deployment/assembly-for.ts';
import { callerAt } from '../deployment/caller.ts';
import { commandOptions } from '../deployment/command-options.ts';
import { configuredDeployment } from '../deployment/configured-deployment.ts';
import { placeOf } from '../deployment/place.ts';
import { resourcesOf, templatesBelow } from '../deployment/template-resources.ts';
import { assemblyStacks } from '../tier/assembly-stacks.ts';
import { runCommand } from '../tier/command-line.ts';
import { keepFigures } from '../tier/keep-figures.ts';
import { startTicker } from '../tier/ticker.ts';
import { runCheck } from './check.ts';
import { judgeIdentity } from './checks/identity.ts';
import { checksOf } from './checks-of.ts';
import { bootstrapNeed, needsOf } from './needs.ts';
import { countsOf, findingLines } from './report.ts';

await runCommand(async () => {
  const options = commandOptions(['config', 'stage', 'region', 'profile']);
  const { file: configuration, deployment } = configuredDeployment(options);
  const place = await placeOf(options);
  const caller = await callerAt(place);
  const ticker = startTicker();
  try {
    ticker.says(`${deployment.name} in ${place.region}, account ${caller.account}`);
    ticker.doing('synthesising the stacks, to see what they want');
    const assembly = await assemblyFor(configuration);
    const bootstrap = bootstrapNeed(assemblyStacks(assembly), place.region);
    const needs = needsOf(deployment, resourcesOf(templatesBelow(assembly)), bootstrap);

    const checks = checksOf(needs, place, caller.account);
    const pending = new Set(checks.map(({ name }) => name));
    ticker.doing(`asking AWS: ${[...pending].join(', ')}`);
    const answers = await Promise.all(
      checks.map(async (check) => {
        const findings = await runCheck(check, caller);
        pending.delete(check.name);
        ticker.doing(`asking AWS: ${[...pending].join(', ')}`);
        return findings;
      }),
    );
    ticker.says(`${checks.length} questions asked`);
    const findings = [...judgeIdentity(caller), ...answers.flat()];
    console.log(`\n${findingLines(findings).join('\n')}`);

    const at = new Date().toISOString();
    const counts = countsOf(findings);
    const record = { at, deployment: deployment.name, configuration, ...place, ...caller, counts, findings, needs };
    console.log(`Written to ${keepFigures('preflight', record)}.`);
    if (counts.blocks > 0) process.exitCode = 1;
  } finally {
    ticker.stop();
  }
});
