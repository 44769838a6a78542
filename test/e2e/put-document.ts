import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { clientOptions, type FaultOperator } from '../../local/drill/fault-operator.ts';

/** What somebody with rights to the bucket may do to a stored document. */
export const putDocument = async (operator: FaultOperator, uri: string, document: unknown): Promise<void> => {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  await new S3Client(clientOptions(operator)).send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: JSON.stringify(document) }),
  );
};
