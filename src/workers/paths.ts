// Places of the product's own files, relative to the compiled code.
import { join } from 'node:path';

/** The checkout, or the installed package. */
export const packageFolder = join(__dirname, '..', '..');

/** Folder of the Python package, beside `dist`. */
export const sparkFolder = join(packageFolder, 'spark');

/** The example pipelines that come with us. */
export const examplesFolder = join(packageFolder, 'pipelines');

/** Workflow code bundled by the build. */
export const workflowBundlePath = join(__dirname, '..', 'workflow-bundle.js');
