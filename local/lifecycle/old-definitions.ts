import { type BatchClient, DeregisterJobDefinitionCommand, paginateDescribeJobDefinitions } from '@aws-sdk/client-batch';

/**
 * Deregisters the job definitions that carry a deployment's tag; answers their ARNs. A stack keeps superseded revisions for the experiments that
 * are pinned to them, also when it is deleted itself.
 */
export const deregisterDefinitions = async (batch: BatchClient, deployment: string): Promise<string[]> => {
  const old: string[] = [];
  for await (const { jobDefinitions = [] } of paginateDescribeJobDefinitions({ client: batch }, { status: 'ACTIVE' })) {
    const own = jobDefinitions.filter(({ tags }) => tags?.['spotforge:deployment'] === deployment);
    old.push(...own.map(({ jobDefinitionArn }) => String(jobDefinitionArn)));
  }
  for (const jobDefinition of old) await batch.send(new DeregisterJobDefinitionCommand({ jobDefinition }));
  return old;
};
