"""`python -m headgate_spark <request.json>`: one job in one process. Exit 0 report, 1 failure written, 2 no job."""

import sys

from headgate_spark.errors import JobFailed
from headgate_spark.runner import read_request, run_job
from headgate_spark.session import build_local_session


def _say(failure: JobFailed) -> None:
    print(f"{failure.type}: {failure.message}\n{failure.remedy}", file=sys.stderr)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m headgate_spark <request.json>", file=sys.stderr)
        return 2
    try:
        read_request(arguments[0])
    except JobFailed as failure:
        _say(failure)
        return 2
    spark = build_local_session()
    try:
        run_job(spark, arguments[0])
    except JobFailed as failure:
        _say(failure)
        return 1
    except OSError as error:
        print(f"Neither report nor failure could be written: {error}", file=sys.stderr)
        return 2
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
