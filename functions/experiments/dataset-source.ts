import type { DatasetStore } from '../datasets/dataset-store.ts';
import type { ExperimentRequest, ResolvedSpec } from '../shared/contracts/experiment-spec.ts';
import { DatasetNotFound, type FieldProblem } from '../shared/errors.ts';

export type DatasetSpec = ResolvedSpec['dataset'];
/** A request whose dataset is looked up: nothing of it is left to find out. */
export type CompleteRequest = Omit<ExperimentRequest, 'dataset'> & { dataset: DatasetSpec };
export type FoundDataset = { dataset: DatasetSpec } | { problems: FieldProblem[] };

const DATASET_VERSION = 'dataset.version';

/** What an experiment reads: the source that it brings, or what is stored of the version that it names, with the schema of its dataset. */
export const findDataset = async (
  { dataset, task }: ExperimentRequest,
  tenant: string,
  datasets: Pick<DatasetStore, 'get' | 'findVersion'>,
): Promise<FoundDataset> => {
  if (!('version' in dataset)) {
    const { sha256, ...brought } = dataset;
    return { dataset: { ...brought, ...(sha256 !== undefined && { sha256 }) } };
  }
  const { name, version } = dataset;
  const of = { tenant, dataset: name };
  const [stored, found] = await Promise.all([schemaOf(tenant, name, datasets), datasets.findVersion(of, version)]);
  if (!stored) return refused('dataset.name', `a dataset of yours; there is no ${name}`);
  if (!found) return refused(DATASET_VERSION, `a version of ${name}; there is no ${version}`);
  if (found.version === undefined || found.rawUri === undefined || found.rawSha256 === undefined) {
    const because = found.problem === undefined ? '' : `: ${found.problem.message}`;
    return refused(DATASET_VERSION, `a version that is ready; ${version} is ${found.status}${because}`);
  }
  const { task: its, columns, labels, split } = stored;
  if (its !== task) return refused('task', `${its}, which is the task of the dataset ${name}`);
  return {
    dataset: { name, version: found.version, source: found.rawUri, sha256: found.rawSha256, columns, labels, split },
  };
};

const refused = (field: string, expected: string): FoundDataset => ({ problems: [{ field, expected }] });

const schemaOf = async (tenant: string, name: string, datasets: Pick<DatasetStore, 'get'>) => {
  try {
    return (await datasets.get(tenant, name)).schema;
  } catch (error) {
    if (error instanceof DatasetNotFound) return undefined;
    throw error;
  }
};
