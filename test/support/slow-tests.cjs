// Time for tests that start servers or Spark. Jest ignores `testTimeout` of a single project, so this says it.
'use strict';

jest.setTimeout(300_000);
