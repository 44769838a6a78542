import { readImages } from './attempts/images.ts';
import { connect } from './aws.ts';
import { StartupError } from './errors.ts';
import { startExecutor } from './executor.ts';
import { readOptions } from './options.ts';

const PARENT_CHECK_MS = 500;

const log = (message: string): void => void process.stderr.write(`${new Date().toISOString()} batch: ${message}\n`);

async function main(): Promise<void> {
  const parent = process.ppid;
  const options = readOptions(process.argv.slice(2), process.env);
  const executor = await startExecutor(options, connect(options), readImages(options.images), log);
  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log(`Stopping: ${why}.`);
    executor.close().then(
      () => process.exit(0),
      (error) => {
        log(String(error));
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  setInterval(() => {
    if (process.ppid !== parent) stop('the process that started this one is gone');
  }, PARENT_CHECK_MS).unref();
  process.stdout.write(`${JSON.stringify({ ready: true, endpoint: executor.endpoint })}\n`);
}

main().catch((error) => {
  if (error instanceof StartupError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
