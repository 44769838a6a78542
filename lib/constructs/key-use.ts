import { Aws } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Permission } from './allow.ts';

type Encrypted = { readonly encryptionKey?: IKey | undefined };
type Through = 's3' | 'dynamodb';

/** What a role needs beside the right to the data when that is encrypted under a key of one's own; nothing when it is not. */
export const decrypts = (store: Encrypted, through: Through): Permission[] => uses(store, through, ['kms:Decrypt']);

/** S3 and DynamoDB ask for the data key of what is stored; a part of a multipart upload is decrypted before it is joined with the others. */
export const encrypts = (store: Encrypted, through: Through): Permission[] =>
  uses(store, through, ['kms:Decrypt', 'kms:GenerateDataKey']);

/** Only through the service that holds the data: nobody decrypts with the key itself. */
const uses = ({ encryptionKey }: Encrypted, through: Through, actions: string[]): Permission[] =>
  encryptionKey === undefined
    ? []
    : [
        {
          actions,
          resources: [encryptionKey.keyArn],
          conditions: { StringEquals: { 'kms:ViaService': `${through}.${Aws.REGION}.amazonaws.com` } },
        },
      ];
