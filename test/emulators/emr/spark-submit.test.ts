// What a step asks for and what runs on one machine: place and size are the machine's, everything else is kept.
import { translate } from './spark-submit';
import { step } from './support';

const of = (...args: readonly string[]) => translate(step('x', args), 1024);

it('keeps options, entry point and its arguments in their order', () => {
  const args = [
    '--conf',
    'spark.a=b c',
    '--py-files',
    's3://b/p.zip',
    '--verbose',
    's3://b/main.py',
    '--master',
    'own',
    '-x',
  ];
  expect(of('spark-submit', ...args)).toEqual({ kind: 'runs', args, notes: [] });
});

it.each([
  [['--master', 'yarn']],
  [['--conf', 'spark.master=yarn']],
  [['--deploy-mode', 'client']],
  [['--conf', 'spark.submit.deployMode=client']],
  [['--driver-memory', '2g']],
  [['--conf', 'spark.driver.memory=1025m']],
  [['--conf', 'spark.driver.memory=2048']],
  [['--conf', 'spark.pyspark.python=python3.11']],
])('leaves out %j', (options) => {
  expect(of('spark-submit', ...options, 'm.py')).toMatchObject({ kind: 'runs', args: ['m.py'] });
});

it.each([[['--driver-memory', '1g']], [['--driver-memory', '1024']], [['--conf', 'spark.driver.memory=512m']]])(
  'keeps %j',
  (options) => {
    expect(of('spark-submit', ...options, 'm.py')).toMatchObject({ args: [...options, 'm.py'], notes: [] });
  },
);

it.each([
  ['cluster mode', ['spark-submit', '--deploy-mode', 'cluster', 'm.py'], 'Deploy mode cluster is not emulated'],
  ['cluster mode as a setting', ['spark-submit', '--conf', 'spark.submit.deployMode=cluster', 'm.py'], 'not emulated'],
  ['another program', ['bash', '-c', 'true'], '"bash"'],
  ['no program', [], 'Cannot run program'],
  ['no entry point', ['spark-submit', '--conf', 'a=b'], 'Missing application resource'],
])('refuses %s', (_name, args, told) => {
  expect(of(...args)).toEqual({ kind: 'refused', reason: expect.stringContaining(told) });
});

it('refuses another jar', () => {
  const config = { Name: 'x', HadoopJarStep: { Jar: 's3://b/my.jar' } };
  expect(translate(config, 1024)).toMatchObject({ kind: 'refused' });
});
