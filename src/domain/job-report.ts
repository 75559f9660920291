// A report is told by its job. Whoever asked for a job gets the report of that job, or a loud defect.
import type { JobKind, JobReport, JobReports } from '../contracts/job';

const isReportOf = <Kind extends JobKind>(job: Kind, report: JobReport): report is JobReports[Kind] =>
  report.job === job;

export function reportOf<Kind extends JobKind>(job: Kind, report: JobReport): JobReports[Kind] {
  if (isReportOf(job, report)) return report;
  throw new TypeError(`expected a ${job} report, got ${report.job}`);
}
