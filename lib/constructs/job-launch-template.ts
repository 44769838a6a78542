import { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Deployment } from '../config/deployment.ts';

/** Room for all three images, a base model, a dataset and a few checkpoints. */
const DISK_GIB = 100;

/** How instances start: metadata by session token only and not beyond the host, one encrypted disk. */
export class JobLaunchTemplate extends CfnLaunchTemplate {
  constructor(scope: Construct, id: string, { deployment }: { deployment: Deployment }) {
    super(scope, id, {
      launchTemplateData: {
        metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
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
