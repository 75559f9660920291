// Logs of steps as objects of the S3 server.
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Server } from '../s3/server';
import type { LogStore } from './executor';

export function createS3Client({ endpoint, env }: S3Server): S3Client {
  return new S3Client({
    endpoint,
    region: env.AWS_REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  });
}

export function createS3Logs(client: S3Client): LogStore {
  return {
    put: async (uri, body) => {
      const { host, pathname } = new URL(uri);
      await client.send(new PutObjectCommand({ Bucket: host, Key: decodeURIComponent(pathname.slice(1)), Body: body }));
    },
  };
}
