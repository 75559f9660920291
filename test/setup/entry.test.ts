import { execFileSync } from 'node:child_process';
import { nodeFinding } from '../../src/setup/doctor';
import { checkNode } from '../../src/setup/entry.cjs';

describe('checkNode', () => {
  it.each(['v20.19.0', 'v20.20.2', 'v22.0.0', '26.1.0'])('takes %s', (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(['v18.20.4', 'v20.18.3'])('refuses %s, naming the oldest that works', (version) => {
    expect(() => checkNode(version)).toThrow(`${version}; Headgate needs 20.19 or newer`);
  });
});

describe('the Node of a user', () => {
  const printed = (script: string): string => {
    const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...env } = process.env;
    return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const useClient = `
    process.emitWarning = (warning) => process.stdout.write(String(warning));
    new (require('@aws-sdk/client-s3').S3Client)({ region: 'none' });`;

  it('is not warned of by the AWS SDK in our processes', () => {
    expect(printed(`require('./src/setup/entry.cjs');${useClient}`)).toBe('');
  });

  it('is told by doctor, with what comes', () => {
    expect(nodeFinding('20.20.2').found).toContain('January 2027');
    expect(nodeFinding('22.1.0').found).toBe('22.1.0');
  });
});
