// The headgate command: reads arguments, calls one command, sets the exit code. No logic of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { readConfig } from '../workers/config';
import { packageFolder } from '../workers/paths';
import { exitCodes, reportError } from './output';
import { upkeepWords } from './upkeep-words';
import { collectVariable } from './variables';

type Action = () => Promise<number>;

/** Runs a command; its errors become messages and exit codes. */
async function finish(json: boolean, action: Action): Promise<void> {
  try {
    process.exitCode = await action();
  } catch (error) {
    process.exitCode = reportError(error, json);
  }
  // Connections and child processes are closed by now; a stray timer must not keep the terminal waiting.
  await new Promise((flushed) => process.stdout.write('', flushed));
  process.exit();
}

const jsonFlag = () => new Option('--json', 'print one JSON object on stdout').default(false);
const setFlag = () =>
  new Option('--set <NAME=value>', 'value for ${NAME} in the pipeline file; wins over the environment')
    .argParser(collectVariable)
    .default({}, 'environment');
const addressFlag = () =>
  new Option('--address <host:port>', 'Temporal server; default TEMPORAL_ADDRESS or 127.0.0.1:7233');
const pipelineArgument = () => new Argument('<pipeline>', 'pipeline file, or name of one in the pipelines folder');

/** The later file of the demo brings 600 new sales, and a sample has no more new ones than sales. */
function demoRows(text: string): number {
  const rows = Number(text);
  if (Number.isSafeInteger(rows) && rows >= 600) return rows;
  throw new InvalidArgumentError('The demo needs a whole number of at least 600: its later file brings as many.');
}

function version(): string {
  const text = readFileSync(join(packageFolder, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function program(): Command {
  const headgate = new Command('headgate')
    .description('Durable Delta Lake pipelines on Temporal')
    .version(version(), '--version')
    // before a command `--version` is ours, after `show` it is the table's
    .enablePositionalOptions()
    .showHelpAfterError()
    .exitOverride();

  headgate
    .command('run')
    .description('run a pipeline once and follow it; starts an embedded server and worker when none is there')
    .addArgument(pipelineArgument())
    .addOption(setFlag())
    .option('--interval <start>', 'interval to run for, e.g. 2026-11-23 or 2026-11')
    .option('--redo', 'take the files again although they are in the table')
    .addOption(addressFlag())
    .addOption(jsonFlag())
    .action((pipeline, options) =>
      finish(options.json, async () =>
        (await import('./commands/run.js')).runCommand(readConfig(process.env), pipeline, options),
      ),
    );

  headgate
    .command('dev')
    .description('Temporal server, its UI and a worker in the foreground; each is restarted when it dies')
    .addOption(new Option('--port <port>', 'port of the Temporal server').argParser(Number).default(7233))
    .action((options) =>
      finish(false, async () => (await import('./commands/dev.js')).devCommand(readConfig(process.env), options)),
    );

  headgate
    .command('worker')
    .description('a worker in the foreground, against a Temporal server that runs elsewhere')
    .addOption(addressFlag())
    .action((options) =>
      finish(false, async () => (await import('./commands/dev.js')).workerCommand(readConfig(process.env), options)),
    );

  headgate
    .command('validate')
    .description('check a pipeline file; nothing is started and nothing is written')
    .addArgument(pipelineArgument())
    .addOption(setFlag())
    .addOption(jsonFlag())
    .action((pipeline, options) =>
      finish(options.json, async () =>
        (await import('./commands/validate.js')).validateCommand(readConfig(process.env), pipeline, options),
      ),
    );

  headgate
    .command('verify')
    .description('hold the ledger against the table’s whole log, and the log against its files; nothing is written')
    .addArgument(pipelineArgument())
    .addOption(setFlag())
    .addOption(jsonFlag())
    .action((pipeline, options) =>
      finish(options.json, async () =>
        (await import('./commands/verify.js')).verifyCommand(readConfig(process.env), pipeline, options),
      ),
    );

  headgate
    .command('status')
    .description('open and recent runs, newest first')
    .argument('[pipeline]', 'only runs of this pipeline (file or name)')
    .addOption(setFlag())
    .addOption(new Option('--limit <n>', 'how many').argParser(Number).default(20))
    .addOption(addressFlag())
    .addOption(jsonFlag())
    .action((pipeline, options) =>
      finish(options.json, async () =>
        (await import('./commands/status.js')).statusCommand(readConfig(process.env), pipeline, options),
      ),
    );

  headgate
    .command('show')
    .description('rows of a pipeline’s table, staging or quarantine, without Spark')
    .addArgument(pipelineArgument())
    .addArgument(new Argument('[what]', 'which rows').choices(['table', 'staging', 'quarantine']).default('table'))
    .addOption(setFlag())
    .addOption(new Option('--limit <n>', 'rows').argParser(Number).default(20))
    .option('--where <sql>', 'condition on the rows')
    .option('--sql <query>', 'a whole query; the table is called t')
    .addOption(new Option('--version <n>', 'version of the table').argParser(Number))
    .addOption(jsonFlag())
    .action((pipeline, what, options) =>
      finish(options.json, async () =>
        (await import('./commands/show.js')).showCommand(readConfig(process.env), pipeline, what, options),
      ),
    );

  const runMeaning = 'pipeline file or name, or workflow id of the run';
  const person = (command: Command): Command =>
    command
      .addOption(setFlag())
      .requiredOption('--why <text>', 'the reason, kept in the history')
      .option('--by <name>', 'who decides; default the user of this machine')
      .addOption(addressFlag())
      .addOption(jsonFlag());

  person(headgate.command('gate').description('decide on a held batch').argument('<run>', runMeaning))
    .addArgument(new Argument('<decision>').choices(['approve', 'reject']))
    .action((run, decision, options) =>
      finish(options.json, async () =>
        (await import('./commands/gate.js')).gateCommand(readConfig(process.env), run, decision, options),
      ),
    );

  person(
    headgate.command('cancel').description('stop an open run, and wait for its end').argument('<run>', runMeaning),
  ).action((run, options) =>
    finish(options.json, async () =>
      (await import('./commands/gate.js')).cancelCommand(readConfig(process.env), run, options),
    ),
  );

  headgate
    .command('maintain')
    .description('upkeep of a pipeline’s table: compaction, clustering, VACUUM, as its policy decides')
    .addArgument(pipelineArgument())
    .addOption(setFlag())
    .option('--dry-run', 'say what would be done and why; start nothing')
    .addOption(new Option('--now <action>', 'do this, whatever the policy says').choices(upkeepWords))
    .addOption(addressFlag())
    .addOption(jsonFlag())
    .action((pipeline, options) =>
      finish(options.json, async () =>
        (await import('./commands/maintain.js')).maintainCommand(readConfig(process.env), pipeline, options),
      ),
    );

  const clusters = headgate.command('clusters').description('clusters of EMR: who uses them and why they live');
  clusters
    .command('list', { isDefault: true })
    .description('all pools that have a cluster')
    .addOption(addressFlag())
    .addOption(jsonFlag())
    .action((options) =>
      finish(options.json, async () =>
        (await import('./commands/clusters.js')).listClustersCommand(readConfig(process.env), undefined, options),
      ),
    );
  clusters
    .command('show')
    .description('one pool')
    .argument('<pool>', 'name of the pool')
    .addOption(addressFlag())
    .addOption(jsonFlag())
    .action((pool, options) =>
      finish(options.json, async () =>
        (await import('./commands/clusters.js')).listClustersCommand(readConfig(process.env), pool, options),
      ),
    );
  clusters
    .command('end')
    .description('end the cluster of a pool with its last job')
    .argument('<pool>', 'name of the pool')
    .option('--now', 'whatever runs on it', false)
    .addOption(addressFlag())
    .addOption(jsonFlag())
    .action((pool, options) =>
      finish(options.json, async () =>
        (await import('./commands/clusters.js')).endClusterCommand(readConfig(process.env), pool, options),
      ),
    );
  clusters
    .command('reap')
    .description('end clusters of this installation that no open keeper knows')
    .option('--dry-run', 'say which; end none')
    .addOption(addressFlag())
    .addOption(jsonFlag())
    .action((options) =>
      finish(options.json, async () =>
        (await import('./commands/clusters.js')).reapClustersCommand(readConfig(process.env), options),
      ),
    );

  headgate
    .command('schema')
    .description('JSON Schema of pipeline files, for editors')
    .option('--write <file>', 'into a file instead of stdout')
    .action((options) => finish(false, async () => (await import('./commands/schema.js')).schemaCommand(options)));

  headgate
    .command('doctor')
    .description('what is installed, what is missing, and the remedy; or whether a store is safe')
    .option('--store <place>', 'prove that put-if-absent of this folder or s3:// address is atomic')
    .addOption(jsonFlag())
    .action((options) =>
      finish(options.json, async () => (await import('./commands/doctor.js')).doctorCommand(options)),
    );

  headgate
    .command('demo')
    .description('the whole product on a sample: two runs, what happened to the rows, clean end')
    .option('--keep', 'leave server, UI and worker running until Ctrl-C', false)
    .addOption(new Option('--rows <n>', 'sales rows of the sample').argParser(demoRows).default(20_000))
    .action((options) =>
      finish(false, async () => (await import('./commands/demo.js')).demoCommand(readConfig(process.env), options)),
    );

  return headgate;
}

program()
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage);
  });
