import { randomBytes, randomUUID } from 'node:crypto';

/** Account and region that every ARN of one executor carries. */
export interface Place {
  account: string;
  region: string;
}

const arn = (place: Place, service: string, resource: string): string =>
  `arn:aws:${service}:${place.region}:${place.account}:${resource}`;

export const newJobId = (): string => randomUUID();
/** ECS task and container-instance ids: 32 hex digits. */
export const newEcsId = (): string => randomBytes(16).toString('hex');
/** EC2 instance ids: `i-` and 17 hex digits, the first of them 0. */
export const newInstanceId = (): string => `i-0${randomBytes(8).toString('hex')}`;

export const jobArn = (place: Place, id: string): string => arn(place, 'batch', `job/${id}`);
export const jobQueueArn = (place: Place, name: string): string => arn(place, 'batch', `job-queue/${name}`);
export const computeEnvironmentArn = (place: Place, name: string): string => arn(place, 'batch', `compute-environment/${name}`);
export const schedulingPolicyArn = (place: Place, name: string): string => arn(place, 'batch', `scheduling-policy/${name}`);
export const jobDefinitionArn = (place: Place, name: string, revision: number): string =>
  arn(place, 'batch', `job-definition/${name}:${revision}`);
export const clusterArn = (place: Place, cluster: string): string => arn(place, 'ecs', `cluster/${cluster}`);
export const taskArn = (place: Place, cluster: string, id: string): string => arn(place, 'ecs', `task/${cluster}/${id}`);
export const containerInstanceArn = (place: Place, cluster: string, id: string): string =>
  arn(place, 'ecs', `container-instance/${cluster}/${id}`);

/** The part behind the last slash: `my-queue` of `arn:…:job-queue/my-queue`, and a plain name unchanged. */
export function lastSegment(nameOrArn: string): string {
  return nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1);
}
