import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { versioningOptions, versionOf } from '../../src/workers/versioning';

describe('the version of a worker', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'headgate-version-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const bundle = (name: string, code: string): string => {
    writeFileSync(join(folder, name), code);
    return join(folder, name);
  };

  it('is another one exactly when the workflow code is', () => {
    const one = versionOf('headgate', bundle('one.js', 'a'));
    expect(versionOf('headgate', bundle('moved.js', 'a'))).toEqual(one);
    expect(versionOf('headgate', bundle('two.js', 'b')).buildId).not.toBe(one.buildId);
  });

  it('is of the deployment of its task queue, whose name holds no dot', () => {
    expect(versionOf('team.sales', bundle('one.js', 'a')).deploymentName).toBe('team-sales');
  });

  it('is told unless it is off', () => {
    const version = { deploymentName: 'headgate', buildId: 'one' };
    expect(versioningOptions('off', version)).toEqual({});
    expect(versioningOptions('follow', version).workerDeploymentOptions?.defaultVersioningBehavior).toBe(
      'AUTO_UPGRADE',
    );
    expect(versioningOptions('pinned', version).workerDeploymentOptions?.defaultVersioningBehavior).toBe('PINNED');
  });
});
