import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAvailabilityZonesCommand, DescribeInstanceTypeOfferingsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { QUOTAS, type QuotaCode } from '../../../local/preflight/checks/quotas.ts';
import { answer, refusal } from './documented.ts';

export const aws = {
  quotas: mockClient(ServiceQuotasClient),
  ec2: mockClient(EC2Client),
  iam: mockClient(IAMClient),
  lambda: mockClient(LambdaClient),
  ssm: mockClient(SSMClient),
  cloudFormation: mockClient(CloudFormationClient),
  ecr: mockClient(ECRClient),
};

const reset = (): void => {
  for (const client of Object.values(aws)) client.reset();
};

/** Answers as in an account in which nothing is missing; a test then takes something away. */
export const aReadyAccount = (): void => {
  reset();
  for (const QuotaCode of Object.keys(QUOTAS) as QuotaCode[])
    aws.quotas.on(GetServiceQuotaCommand, { QuotaCode }).resolves(answer('service-quotas-get-service-quota', QuotaCode));
  aws.ec2.on(DescribeAvailabilityZonesCommand).resolves(answer('ec2-describe-availability-zones', 'three'));
  aws.ec2.on(DescribeInstanceTypeOfferingsCommand).resolves(answer('ec2-describe-instance-type-offerings', 'page 1'));
  aws.ec2
    .on(DescribeInstanceTypeOfferingsCommand, { NextToken: 'page-2' })
    .resolves(answer('ec2-describe-instance-type-offerings', 'page 2'));
  aws.iam.on(ListRolesCommand).resolves(answer('iam-list-roles', 'page 1'));
  aws.iam.on(ListRolesCommand, { Marker: 'page-2' }).resolves(answer('iam-list-roles', 'page 2'));
  aws.lambda.on(GetAccountSettingsCommand).resolves(answer('lambda-get-account-settings', 'usual'));
  aws.ssm.on(GetParameterCommand).resolves(answer('ssm-get-parameter', 'current'));
  aws.cloudFormation.on(DescribeStacksCommand).resolves(answer('cloudformation-describe-stacks', 'complete'));
  aws.ecr.on(DescribeImagesCommand).resolves(answer('ecr-describe-images', 'present'));
};

/** Answers as in an account that was opened today. */
export const aNewAccount = (): void => {
  aReadyAccount();
  aws.quotas.on(GetServiceQuotaCommand).rejects(refusal('service-quotas-get-service-quota', 'never applied'));
  for (const QuotaCode of Object.keys(QUOTAS) as QuotaCode[])
    aws.quotas
      .on(GetAWSDefaultServiceQuotaCommand, { QuotaCode })
      .resolves(
        answer(
          'service-quotas-get-aws-default-service-quota',
          QUOTAS[QuotaCode].families.some((family) => family === 'g') ? 'L-3819A6DF' : 'L-1216C47A',
        ),
      );
  aws.iam.on(ListRolesCommand).resolves(answer('iam-list-roles', 'none of them'));
  aws.lambda.on(GetAccountSettingsCommand).resolves(answer('lambda-get-account-settings', 'new account'));
  aws.ssm.on(GetParameterCommand).rejects(refusal('ssm-get-parameter', 'missing'));
  aws.cloudFormation.on(DescribeStacksCommand).rejects(refusal('cloudformation-describe-stacks', 'missing'));
  aws.ecr.on(DescribeImagesCommand).rejects(refusal('ecr-describe-images', 'no repository'));
};

/** Answers as to somebody who may do nothing. */
export const aDeniedAccount = (): void => {
  reset();
  aws.quotas.rejects(refusal('service-quotas-get-service-quota', 'denied'));
  aws.ec2.on(DescribeAvailabilityZonesCommand).rejects(refusal('ec2-describe-availability-zones', 'denied'));
  aws.ec2.on(DescribeInstanceTypeOfferingsCommand).rejects(refusal('ec2-describe-instance-type-offerings', 'denied'));
  aws.iam.rejects(refusal('iam-list-roles', 'denied'));
  aws.lambda.rejects(refusal('lambda-get-account-settings', 'denied'));
  aws.ssm.rejects(refusal('ssm-get-parameter', 'denied'));
  aws.cloudFormation.rejects(refusal('cloudformation-describe-stacks', 'denied'));
  aws.ecr.rejects(refusal('ecr-describe-images', 'denied'));
};
