"""Stands in for Spark's JVM: opens a gateway where it is told, and ends when its stdin does, as the real one."""

import os
import socket
import struct
import sys

SECRET = b"secret"


def main() -> None:
    # Whoever connects notices when this process dies: no connection is ever accepted or answered.
    listener = socket.create_server(("127.0.0.1", 0))
    path = os.environ["_PYSPARK_DRIVER_CONN_INFO_PATH"]
    with open(f"{path}.part", "wb") as file:
        file.write(struct.pack(">ii", listener.getsockname()[1], len(SECRET)) + SECRET)
    os.rename(f"{path}.part", path)
    while sys.stdin.buffer.read(1):
        pass


if __name__ == "__main__":
    main()
