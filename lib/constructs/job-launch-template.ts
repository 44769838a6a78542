import { Fn } from 'aws-cdk-lib';
import { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

/** Room for all three images, a base model, a dataset and a few checkpoints. */
const DISK_GIB = 100;

/**
 * The agent takes no more tasks once the host has its spot notice; a stage that runs there watches for the notice itself. Batch merges user
 * data with its own, for which it has to be a MIME multi-part file: https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html
 */
const USER_DATA = [
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="==SPOTFORGE=="',
  '',
  '--==SPOTFORGE==',
  'Content-Type: text/x-shellscript; charset="us-ascii"',
  '',
  '#!/bin/bash',
  'echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config',
  '',
  '--==SPOTFORGE==--',
  '',
].join('\n');

/** How instances start: metadata by session token only and not beyond the host, one encrypted disk. */
export class JobLaunchTemplate extends CfnLaunchTemplate {
  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id, {
      launchTemplateData: {
        metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
        userData: Fn.base64(USER_DATA),
        blockDeviceMappings: [
          {
            deviceName: '/dev/xvda',
            ebs: { encrypted: true, volumeType: 'gp3', volumeSize: DISK_GIB, deleteOnTermination: true },
          },
        ],
        tagSpecifications: ['instance', 'volume'].map((resourceType) => ({
          resourceType,
          tags: [{ key: 'spotforge:deployment', value: deployment.name }],
        })),
      },
    });
  }
}
