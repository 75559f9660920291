"""`python -m headgate_spark <request.json>`: one job in one process. Exit 0 report, 1 failure written, 2 no job.

Where and with how much memory it runs is for whoever starts it: Spark's own settings (spark-submit, spark-defaults), or
the arguments.
"""

import argparse
import sys

from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.io.files import needs_session
from headgate_spark.protocol import JobRequest
from headgate_spark.runner import read_request, run_request
from headgate_spark.session import build_session


def _say(failure: JobFailed) -> None:
    print(f"{failure.type}: {failure.message}\n{failure.remedy}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m headgate_spark")
    parser.add_argument("request", help="path or URI of the request file that the worker wrote")
    parser.add_argument("--master", help="a Spark of our own here, such as local[4]; default: Spark's settings")
    parser.add_argument("--memory", help="heap of its driver, such as 2g; default: Spark's settings")
    return parser


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        # One that is no request is no reason to start Spark, where it can be read without.
        early = None if needs_session(options.request) else read_request(options.request)
        spark = build_session(master=options.master, memory=options.memory)
        try:
            return _run(spark, early or read_request(options.request))
        finally:
            spark.stop()
    except JobFailed as failure:
        _say(failure)
        return 2


def _run(spark: SparkSession, request: JobRequest) -> int:
    try:
        run_request(spark, request)
    except JobFailed as failure:
        _say(failure)
        return 1
    except Exception as error:
        print(f"Neither report nor failure could be written: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
