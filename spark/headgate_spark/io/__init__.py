"""The files that jobs and their submitters leave for each other, on whatever store they lie."""
