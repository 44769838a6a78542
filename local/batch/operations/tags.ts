import { lastSegment } from '../arns.ts';
import { ClientException } from '../errors.ts';
import * as wire from '../wire/compute.ts';
import { parse } from '../wire/parse.ts';
import type { Operation, Services } from './operation.ts';

/** The tags of any resource of Batch, with the way to save a change. */
function tagged(services: Services, arn: string): { tags: Record<string, string>; save(): void } {
  const { resources, jobs } = services.store;
  const record = Object.values(resources).flatMap(
    (table: Record<string, { tags: Record<string, string> }>) => table[arn] ?? [],
  )[0];
  if (record) return { tags: record.tags, save: () => services.store.saveResources() };
  const job = jobs.get(lastSegment(arn));
  if (job?.jobArn === arn) return { tags: job.tags, save: () => services.store.saveJob(job) };
  throw new ClientException(`Resource ${arn} does not exist`);
}

export const tagOperations: Record<'tag' | 'untag' | 'list', Operation> = {
  tag(services, body) {
    const request = parse('TagResource', wire.tagResource, body);
    const resource = tagged(services, request.resourceArn);
    if (new Set([...Object.keys(resource.tags), ...Object.keys(request.tags)]).size > 50) {
      throw new ClientException('A resource can have at most 50 tags');
    }
    Object.assign(resource.tags, request.tags);
    resource.save();
    return {};
  },
  untag(services, body) {
    const request = parse('UntagResource', wire.untagResource, body);
    const resource = tagged(services, request.resourceArn);
    for (const key of request.tagKeys) delete resource.tags[key];
    resource.save();
    return {};
  },
  list(services, body) {
    return { tags: tagged(services, parse('ListTagsForResource', wire.listTagsForResource, body).resourceArn).tags };
  },
};
