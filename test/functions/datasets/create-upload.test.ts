import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUpload } from '../../../functions/datasets/create-upload.ts';
import { uploadIdOf } from '../../../functions/datasets/upload-id.ts';
import { pathProblems } from '../../../functions/datasets/upload-rules.ts';
import { uploadStore } from '../../../functions/datasets/upload-store.ts';
import { uploadId } from '../../../functions/shared/contracts/primitives.ts';
import { treeHash } from '../../../functions/shared/contracts/tree-hash.ts';
import { uploadResponse } from '../../../functions/shared/contracts/upload.ts';
import { aRequest, CLAIMS } from '../a-request.ts';
import { type LocalAws, localAws } from '../local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const aFile = (path: string, content: string) => ({ path, bytes: Buffer.byteLength(content), sha256: sha256(content) });
const declare = async (files: object[], tenant = 'acme') => {
  const services = {
    uploads: uploadStore(aws.table, aws.s3, aws.buckets.datasets),
    s3: aws.s3,
    bucket: aws.buckets.datasets,
    clock: { now: () => new Date() },
    claims: CLAIMS,
  };
  const { status, body } = await createUpload(aRequest({ route: 'POST /v1/uploads', tenant, body: { files } }), services);
  return { status, upload: uploadResponse.parse(body) };
};
type Declared = Awaited<ReturnType<typeof declare>>['upload']['files'][number];
const send = async ({ url, headers }: Declared, body: string, changes: Record<string, string | undefined> = {}) => {
  const sent = Object.entries({ ...headers, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const answer = await fetch(url ?? '', { method: 'PUT', body, headers: Object.fromEntries(sent) });
  await answer.text();
  return answer.status;
};
const only = (files: readonly Declared[]): Declared => {
  const [file] = files;
  if (!file) throw new Error('expected a file');
  return file;
};

describe('POST /v1/uploads', () => {
  it('tells where to send each file, and once all are there that nothing is left to send', async () => {
    const contents = { 'ratings.csv': 'text,label\n', 'docs/README.md': 'How it was made' };
    const files = Object.entries(contents).map(([path, content]) => aFile(path, content));
    const first = await declare(files);
    expect(first).toMatchObject({ status: 201, upload: { complete: false, sha256: treeHash(files) } });

    const [csv, readme] = first.upload.files;
    expect(csv && (await send(csv, contents['ratings.csv']))).toBe(200);
    const second = await declare(files);
    expect(second).toMatchObject({ status: 200, upload: { uploadId: first.upload.uploadId, complete: false } });
    expect(second.upload.files.map(({ path, url }) => [path, url === null])).toEqual([
      ['ratings.csv', true],
      ['docs/README.md', false],
    ]);

    expect(readme && (await send(readme, contents['docs/README.md']))).toBe(200);
    const third = await declare([...files].reverse());
    expect(third).toMatchObject({ status: 200, upload: { uploadId: first.upload.uploadId, complete: true } });
    expect(third.upload.files.every(({ url, expiresAt }) => url === null && expiresAt === null)).toBe(true);
  });

  it('signs URLs that take the declared body only, once', async () => {
    const body = 'the declared body';
    const file = only((await declare([aFile('a.csv', body)])).upload.files);
    const other = 'the declared b0dy';
    const checksum = Buffer.from(sha256(other), 'hex').toString('base64');
    expect({
      otherBody: await send(file, other),
      otherBodyAndChecksum: await send(file, other, { 'x-amz-checksum-sha256': checksum }),
      withoutChecksum: await send(file, other, { 'x-amz-checksum-sha256': undefined }),
      longerBody: await send(file, body + body, { 'content-length': undefined }),
      unconditionally: await send(file, body, { 'if-none-match': undefined }),
    }).toEqual({ otherBody: 400, otherBodyAndChecksum: 403, withoutChecksum: 403, longerBody: 403, unconditionally: 403 });
    expect(await send(file, body)).toBe(200);
    expect(await send(file, body)).toBe(412);
  });

  it('signs for fifteen minutes', async () => {
    const { url, expiresAt } = only((await declare([aFile('b.csv', 'b')])).upload.files);
    expect(new URL(url ?? '').searchParams.get('X-Amz-Expires')).toBe('900');
    expect(Date.parse(expiresAt ?? '') - Date.now()).toBeGreaterThan(890_000);
  });

  it("gives another tenant an upload of its own for the same files, and says nothing of the first one's", async () => {
    const files = [aFile('c.csv', 'c')];
    const ours = await declare(files);
    await send(only(ours.upload.files), 'c');
    const theirs = await declare(files, 'globex');
    expect(theirs).toMatchObject({ status: 201, upload: { complete: false } });
    expect(theirs.upload.uploadId).not.toBe(ours.upload.uploadId);
  });

  it('takes as many files as the contract allows', async () => {
    const files = Array.from({ length: 1000 }, (_, i) => aFile(`part-${i}.csv`, String(i)));
    const { upload } = await declare(files);
    expect(new Set(upload.files.map(({ url }) => url)).size).toBe(1000);
  });

  it.each([
    [[], 'files'],
    [[aFile('../up.csv', 'x')], 'files[0].path'],
    [[aFile('/root.csv', 'x')], 'files[0].path'],
    [[aFile('a.csv', 'x'), aFile('a.csv', 'x')], 'files'],
    [[{ ...aFile('a.csv', 'x'), bytes: 0 }], 'files[0].bytes'],
    [[{ ...aFile('a.csv', 'x'), sha256: 'ABC' }], 'files[0].sha256'],
    [[{ ...aFile('a.csv', 'x'), url: 'x' }], 'files[0].url'],
    [[aFile('docs', 'x'), aFile('docs/a.md', 'x')], 'files[1].path'],
    [[aFile('dataset.json', 'x')], 'files[0].path'],
  ])('refuses %j and names the field', async (files, field) => {
    await expect(declare(files)).rejects.toMatchObject({ name: 'InvalidRequest', errors: [{ field }] });
  });
});

describe('the tree hash', () => {
  it('is that of the lines of the files, sorted bytewise by path', () => {
    const files = [aFile('b/a.txt', '2'), aFile('b.txt', '3'), aFile('B.txt', '1')];
    const lines = ['1', '3', '2'].map((content, i) => `${sha256(content)}  ${['B.txt', 'b.txt', 'b/a.txt'][i]}\n`);
    expect(treeHash(files)).toBe(sha256(lines.join('')));
  });

  const files = fc.uniqueArray(
    fc.record({ path: fc.stringMatching(/^[A-Za-z0-9._-]{1,8}$/), sha256: fc.stringMatching(/^[0-9a-f]{64}$/) }),
    {
      selector: ({ path }) => path,
      minLength: 1,
    },
  );

  it('does not depend on the order of the files', () => {
    fc.assert(
      fc.property(files, fc.nat(), (files, turn) => {
        const at = turn % files.length;
        expect(treeHash([...files.slice(at), ...files.slice(0, at)])).toBe(treeHash(files));
      }),
    );
  });

  it('leads to an upload id of its own for each tenant and tree', () => {
    const tenant = fc.stringMatching(/^[a-z][a-z0-9]{1,30}$/);
    fc.assert(
      fc.property(tenant, tenant, files, files, (tenant, other, a, b) => {
        const id = uploadIdOf(tenant, treeHash(a));
        expect(uploadId.safeParse(id).success).toBe(true);
        expect(id === uploadIdOf(other, treeHash(b))).toBe(tenant === other && treeHash(a) === treeHash(b));
      }),
    );
  });
});

describe('the paths of an upload', () => {
  it('may share folders, but none may be file and folder at once', () => {
    const paths = (...names: string[]) => pathProblems(names.map((name) => aFile(name, 'x'))).map(({ field }) => field);
    expect(paths('a/b', 'a/c', 'ab', 'a.b')).toEqual([]);
    expect(paths('a/b/c', 'a/b', 'sub/dataset.json')).toEqual(['files[0].path']);
  });
});
