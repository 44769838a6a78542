/** No stage has a table, a queue, a job to start or another voice than its own on the bus. */
const BEYOND_EVERY_STAGE = [
  'dynamodb:GetItem table',
  'dynamodb:PutItem table',
  'sqs:SendMessage undelivered-events',
  'events:PutEvents bus as spotforge.experiments',
  'batch:SubmitJob gpu-spot',
] as const;

/**
 * What each role reaches for in vain: calls beyond what it is for, each one made on the local tier with the role's own credentials
 * (test/e2e/policies.e2e.ts). A line is a call and its target: `bucket/key` for S3 (`bucket/prefix` for ListBucket), `bus as source` for
 * PutEvents, a queue's name for SQS, a state machine's for Step Functions, a job queue's for SubmitJob, a role's for AssumeRole.
 *
 * Roles separate what runs, not whose experiment it is: a stage's role may read the same stage's folder of any experiment. Tenants are kept
 * apart by what the functions load and by the fencing of every attempt; whoever needs more gives a tenant a deployment of its own.
 */
export const DENIED = {
  // Stages: their own folder and what they are there for, nobody else's outputs.
  StageingestRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject datasets/uploads/acme/upl_1/data.csv',
    's3:PutObject datasets/processed/acme/ratings/1/train.parquet',
    's3:PutObject experiments/experiments/exp_1/train/r1-1/manifest.json',
    's3:GetObject experiments/experiments/exp_1/train/r1-1/manifest.json',
    's3:ListBucket datasets/raw/',
    's3:DeleteObject datasets/raw/acme/ratings/1/data.csv',
  ],
  StageprepareRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject datasets/raw/acme/ratings/1/data.csv',
    's3:GetObject datasets/uploads/acme/upl_1/data.csv',
    's3:GetObject checkpoints/exp_1/step-1/COMMITTED',
    's3:PutObject experiments/experiments/exp_1/spec.json',
  ],
  StagetrainRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject releases/bundles/acme/sentiment/1/model.onnx',
    's3:PutObject datasets/processed/acme/ratings/1/train.parquet',
    's3:PutObject experiments/models/onnx/exp_1/fp32/model.onnx',
    's3:PutObject experiments/experiments/exp_1/spec.json',
    's3:GetObject datasets/uploads/acme/upl_1/data.csv',
    's3:GetObject releases/bundles/acme/sentiment/1/bundle.json',
    's3:DeleteObject experiments/experiments/exp_1/train/r1-1/manifest.json',
    'events:PutEvents default as aws.batch',
    'states:StartExecution experiment',
    'sts:AssumeRole StagebundleRole',
  ],
  StageexportRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject experiments/models/onnx/exp_1/int8/model.onnx',
    's3:PutObject experiments/experiments/exp_1/parity/r1-1/report.json',
    's3:GetObject checkpoints/exp_1/step-1/COMMITTED',
    's3:GetObject datasets/processed/acme/ratings/1/train.parquet',
  ],
  StageparityRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject experiments/models/onnx/exp_1/fp32/model.onnx',
    's3:GetObject experiments/models/onnx/exp_1/int8/model.onnx',
    's3:PutObject datasets/processed/acme/ratings/1/test.parquet',
    's3:GetObject checkpoints/exp_1/step-1/COMMITTED',
  ],
  StagequantizeRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject experiments/models/onnx/exp_1/fp32/model.onnx',
    's3:PutObject releases/bundles/acme/sentiment/1/model.onnx',
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
  ],
  StagebenchmarkRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject experiments/models/onnx/exp_1/int8/model.onnx',
    's3:PutObject experiments/experiments/exp_1/quantize/r1-1/manifest.json',
    's3:GetObject checkpoints/exp_1/step-1/COMMITTED',
    'events:PutEvents default as spotforge.stage',
  ],
  StagebundleRole: [
    ...BEYOND_EVERY_STAGE,
    's3:PutObject experiments/models/onnx/exp_1/fp32/model.onnx',
    's3:DeleteObject releases/bundles/acme/sentiment/1/bundle.json',
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
    's3:ListBucket releases/bundles/',
    'dynamodb:UpdateItem table',
  ],

  // Routes of the API: a table that only some of them write, a prefix each, and never a job.
  CreateUploadRole: [
    's3:GetObject datasets/uploads/acme/upl_1/data.csv',
    's3:PutObject datasets/raw/acme/ratings/1/data.csv',
    'states:StartExecution experiment',
  ],
  CreateDatasetRole: [
    's3:PutObject datasets/raw/acme/ratings/1/data.csv',
    'states:StartExecution dataset',
    'dynamodb:Scan table',
  ],
  CreateDatasetVersionRole: [
    's3:PutObject datasets/dataset-preparations/acme/dsv_1/report.json',
    's3:GetObject datasets/uploads/acme/upl_1/data.csv',
    's3:ListBucket datasets/raw/',
    'states:StartExecution experiment',
    'batch:SubmitJob cpu-spot',
  ],
  ListDatasetsRole: ['dynamodb:PutItem table', 's3:GetObject datasets/raw/acme/ratings/1/data.csv'],
  GetDatasetRole: ['dynamodb:UpdateItem table', 's3:GetObject datasets/raw/acme/ratings/1/data.csv'],
  ListDatasetVersionsRole: ['dynamodb:PutItem table', 's3:GetObject datasets/dataset-preparations/acme/dsv_1/report.json'],
  GetDatasetVersionRole: [
    'dynamodb:UpdateItem table',
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
    's3:PutObject datasets/dataset-preparations/acme/dsv_1/report.json',
  ],
  CreateExperimentRole: [
    's3:GetObject experiments/experiments/exp_1/spec.json',
    's3:PutObject experiments/experiments/exp_1/train/r1-1/result.json',
    's3:ListBucket datasets/raw/',
    'batch:SubmitJob gpu-spot',
    'dynamodb:DeleteItem table',
  ],
  ListExperimentsRole: ['dynamodb:PutItem table', 'dynamodb:Scan table', 's3:GetObject experiments/experiments/exp_1/spec.json'],
  GetExperimentRole: ['dynamodb:UpdateItem table', 's3:GetObject experiments/experiments/exp_1/spec.json'],
  ListEventsRole: ['dynamodb:PutItem table', 'events:PutEvents bus as spotforge.experiments'],
  ListArtifactsRole: [
    'dynamodb:UpdateItem table',
    's3:PutObject experiments/experiments/exp_1/spec.json',
    's3:GetObject datasets/uploads/acme/upl_1/data.csv',
    's3:ListBucket datasets/uploads/',
  ],
  CancelExperimentRole: [
    'states:StartExecution experiment',
    's3:PutObject experiments/experiments/exp_1/spec.json',
    'batch:SubmitJob gpu-spot',
  ],
  ResumeExperimentRole: [
    's3:PutObject experiments/experiments/exp_1/spec.json',
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
    'batch:SubmitJob gpu-spot',
  ],
  GetHealthRole: ['dynamodb:GetItem table', 's3:ListBucket experiments/experiments/'],
  RefuseUnknownRouteRole: ['dynamodb:GetItem table', 'events:PutEvents bus as spotforge.experiments'],

  // What follows experiments: it reports, stops and records, and touches neither data nor models.
  TrackJobRole: [
    's3:GetObject experiments/experiments/exp_1/train/r1-1/model/model.safetensors',
    's3:PutObject experiments/experiments/exp_1/train/r1-1/result.json',
    'states:StartExecution experiment',
    'batch:SubmitJob gpu-spot',
    'dynamodb:Scan table',
  ],
  TrackExecutionRole: [
    's3:GetObject releases/bundles/acme/sentiment/1/bundle.json',
    'states:StartExecution experiment',
    'batch:CancelJob job',
  ],
  SuperviseExperimentsRole: [
    's3:PutObject experiments/experiments/exp_1/train/r1-1/result.json',
    'batch:SubmitJob gpu-spot',
    'dynamodb:DeleteItem table',
    'events:PutEvents bus as spotforge.experiments',
  ],
  RecordProgressRole: [
    's3:GetObject experiments/experiments/exp_1/train/r1-1/result.json',
    'states:StopExecution experiment',
    'batch:TerminateJob job',
  ],
  RecordFailureRole: ['states:StartExecution experiment', 's3:GetObject experiments/experiments/exp_1/train/r1-1/result.json'],
  ConfirmReleaseRole: ['states:StopExecution experiment', 'batch:SubmitJob gpu-spot'],
  TakeModelVersionRole: ['s3:PutObject releases/bundles/acme/sentiment/1/model.onnx', 'batch:TerminateJob job'],
  PublishChangesRole: [
    'events:PutEvents bus as spotforge.stage',
    'dynamodb:PutItem table',
    'sqs:ReceiveMessage undelivered-events',
  ],
  RedriveEventsRole: ['sqs:SendMessage unpublished-changes', 'batch:SubmitJob gpu-spot', 'states:StartExecution experiment'],

  // State machines submit their own jobs to their own queues.
  ExperimentRole: ['batch:TerminateJob job', 's3:GetObject experiments/experiments/exp_1/spec.json', 'dynamodb:GetItem table'],
  RehearsalRole: [
    'batch:SubmitJob gpu-spot',
    'states:StartExecution experiment',
    's3:GetObject releases/bundles/acme/sentiment/1/bundle.json',
  ],

  // A dataset's job stores versions and nothing else; what became of it is recorded by the function alone.
  DatasetJobRole: [
    'dynamodb:PutItem table',
    'batch:SubmitJob cpu-spot',
    's3:PutObject datasets/uploads/acme/upl_1/data.csv',
    's3:PutObject datasets/dataset-preparations/acme/dsv_1/request.json',
    's3:ListBucket datasets/raw/',
    's3:DeleteObject datasets/raw/acme/ratings/1/data.csv',
    's3:GetObject experiments/experiments/exp_1/spec.json',
  ],
  DatasetMachineRole: [
    'batch:SubmitJob gpu-spot',
    'states:StartExecution experiment',
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
  ],
  DatasetRecordPreparationRole: [
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
    's3:PutObject datasets/dataset-preparations/acme/dsv_1/report.json',
    'states:StartExecution dataset',
  ],
  DatasetTrackPreparationRole: [
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
    's3:PutObject datasets/dataset-preparations/acme/dsv_1/report.json',
    's3:GetObject experiments/experiments/exp_1/spec.json',
    'states:StartExecution dataset',
    'batch:SubmitJob cpu-spot',
    'dynamodb:Scan table',
  ],

  // Rehearsals read what is in use and change none of it.
  FindSubjectsRole: ['s3:GetObject releases/bundles/acme/sentiment/1/model.onnx', 'dynamodb:PutItem table'],
  PublishReportRole: ['events:PutEvents bus as spotforge.experiments', 's3:PutObject experiments/experiments/exp_1/spec.json'],
  RehearsalrestoreRole: [
    's3:PutObject checkpoints/exp_1/step-1/COMMITTED',
    's3:GetObject releases/bundles/acme/sentiment/1/model.onnx',
  ],
  RehearsalrollbackRole: [
    's3:PutObject releases/bundles/acme/sentiment/1/model.onnx',
    's3:GetObject checkpoints/exp_1/step-1/COMMITTED',
  ],
  RehearsalupgradeRole: [
    's3:PutObject releases/bundles/acme/sentiment/1/model.onnx',
    's3:GetObject checkpoints/exp_1/step-1/COMMITTED',
  ],

  // A spot check too looks at releases and changes none; what it finds is its own.
  SpotCheckFindReleasesRole: ['s3:GetObject releases/bundles/acme/sentiment/1/model.onnx', 'dynamodb:PutItem table'],
  SpotCheckPublishSpotCheckRole: [
    'events:PutEvents bus as spotforge.rehearsals',
    's3:PutObject experiments/experiments/exp_1/spec.json',
  ],
  SpotCheckJobRole: [
    's3:PutObject releases/bundles/acme/sentiment/1/model.onnx',
    's3:GetObject checkpoints/exp_1/step-1/COMMITTED',
  ],
  SpotCheckMachineRole: [
    'batch:SubmitJob gpu-spot',
    'states:StartExecution experiment',
    's3:GetObject releases/bundles/acme/sentiment/1/bundle.json',
  ],
  SpotCheckScheduleRole: ['states:StartExecution experiment', 'batch:SubmitJob gpu-spot'],

  // Containers can reach the instance's role: it holds what the agent of ECS needs, and nothing of ours.
  InstancesRole: [
    's3:GetObject datasets/raw/acme/ratings/1/data.csv',
    's3:PutObject releases/bundles/acme/sentiment/1/model.onnx',
    'dynamodb:GetItem table',
    'events:PutEvents bus as spotforge.stage',
    'batch:SubmitJob gpu-spot',
    'sts:AssumeRole StagebundleRole',
  ],
  ScheduleRole: ['states:StartExecution experiment', 'batch:SubmitJob gpu-spot'],
  // AWS Backup copies the table as a whole; it reads and writes no item.
  TableBackupRole: ['dynamodb:GetItem table', 'dynamodb:PutItem table', 's3:GetObject datasets/raw/acme/ratings/1/data.csv'],
} as const satisfies Record<string, readonly string[]>;
