import { readConfig } from '../../src/workers/config';

describe('readConfig', () => {
  it('follows the XDG base directories', () => {
    const config = readConfig({ XDG_STATE_HOME: '/state', XDG_CACHE_HOME: '/cache' });
    expect(config).toMatchObject({ home: '/state/headgate', cache: '/cache/headgate', taskQueue: 'headgate' });
  });

  it('lets open workflows follow the build that runs, unless told otherwise', () => {
    expect(readConfig({}).versioning).toBe('follow');
    expect(readConfig({ HEADGATE_VERSIONING: 'pinned' }).versioning).toBe('pinned');
  });

  it('lets its own variables win', () => {
    expect(readConfig({ XDG_STATE_HOME: '/state', HEADGATE_HOME: '/home' }).home).toBe('/home');
  });

  it('warms Spark unless told otherwise', () => {
    expect(readConfig({}).spark.warmUp).toBe(true);
    expect(readConfig({ HEADGATE_SPARK_WARM_UP: 'false' }).spark.warmUp).toBe(false);
  });

  it('names every variable that is wrong, with the remedy, as a configuration error', () => {
    expect(() => readConfig({ HEADGATE_SPARK_MEMORY: 'lots', HEADGATE_SPARK_CORES: '0' })).toThrow(
      expect.objectContaining({
        kind: 'config',
        type: 'BadEnvironment',
        message: expect.stringMatching(/HEADGATE_SPARK_MEMORY.*HEADGATE_SPARK_CORES/),
      }),
    );
  });
});
