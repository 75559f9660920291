// The releases that the emulator knows. Versions are those of the release pages; what runs is Spark of this machine's set-up.
type Release = {
  readonly label: string;
  readonly applications: readonly { readonly Name: string; readonly Version: string }[];
};

const spark = (label: string, version: string, delta: string): Release => ({
  label,
  applications: [
    { Name: 'Delta', Version: delta },
    { Name: 'Spark', Version: version },
  ],
});

export const releases: readonly Release[] = [
  spark('emr-spark-8.2.0', '4.1.3', '4.2.0'),
  spark('emr-spark-8.1.0', '4.1.1', '4.2.0'),
  spark('emr-7.13.0', '3.5.6', '3.3.2'),
];
