import { referTo, asReference } from '../../src/domain/pipeline-ref';
import { preparedOf } from '../../src/domain/source-fates';
import { pipeline, pipelineRef, prepareReport } from '../fakes/reports';

const lostCustomers = {
  ...prepareReport,
  sources: {
    ...prepareReport.sources,
    customers: { read: 100, kept: 93, quarantined: 7, unreadable: 7, duplicates: 0 },
  },
  quarantine: { UnreadableValue: 8 },
};

test('rows that a joined source lost are counted with all rows aside, beside those of the driving source', () => {
  const { sources, quarantine } = preparedOf(lostCustomers, pipelineRef);
  expect(sources['customers']).toEqual({
    ...{ drives: false, read: 100, kept: 93, quarantined: 7, unreadable: 7, duplicates: 0 },
    reasons: [],
  });
  expect(quarantine).toEqual({
    rows: 8,
    table: '/lake/_headgate/customer-sales/quarantine',
    where: `digest = '${prepareReport.digest}'`,
  });
});

test('of the driving source rows that expectations put aside are told too, and each source adds up', () => {
  const rows = { ...prepareReport.rows, staged: 99_400, quarantined: 51, unjoined: 7 };
  const { sources } = preparedOf({ ...prepareReport, rows }, pipelineRef);
  expect(sources['sales']).toMatchObject({ drives: true, read: 99_460, kept: 99_407, quarantined: 51, duplicates: 2 });
  for (const { read, kept, quarantined, duplicates } of Object.values(sources))
    expect(kept + quarantined + duplicates).toBe(read);
});

test('a batch that left nothing aside names no quarantine', () => {
  expect(preparedOf({ ...prepareReport, quarantine: {} }, pipelineRef)).not.toHaveProperty('quarantine');
});

test('a reference carries the rule of each source, and its delimiter', () => {
  const [sales, customers] = pipeline.sources;
  if (sales === undefined || customers === undefined) throw new Error('two sources are needed');
  const ref = referTo({ ...pipeline, sources: [sales, { ...customers, holdAbove: 0.02 }] }, '/d.json');
  expect(ref.reading).toEqual([
    { source: 'sales', delimiter: ',' },
    { source: 'customers', holdAbove: 0.02 },
  ]);
  expect(ref.from).toBe('sales');
});

test('the gate of a run that an older worker loaded stays what it was', () => {
  expect(asReference(pipeline)).not.toHaveProperty('reading');
  const ref = referTo(pipeline, '/d.json');
  expect(asReference(ref)).toBe(ref);
});
