// Places of the product's own files, relative to the compiled code.
import { join } from 'node:path';

/** Folder of the Python package, beside `dist`. */
export const sparkFolder = join(__dirname, '..', '..', 'spark');

/** Workflow code bundled by the build. */
export const workflowBundlePath = join(__dirname, '..', 'workflow-bundle.js');
