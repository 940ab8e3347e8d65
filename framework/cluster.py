"""Several machines: the cluster of `TF_CONFIG` and this process' place in it.

Every worker starts the same command; the chief, worker 0 unless the cluster has one by that name,
is the only one that writes.
"""

import functools
import json
import os

from framework.errors import UsageError


@functools.cache
def place() -> tuple[int, bool]:
    """Number of workers, and whether this one is the chief; (1, True) without TF_CONFIG.

    Raises:
        UsageError: TF_CONFIG is not what TensorFlow documents.
    """
    text = os.environ.get("TF_CONFIG", "")
    if not text:
        return 1, True
    try:
        content = json.loads(text)
        cluster, task = content["cluster"], content["task"]
        kind, index = task["type"], int(task["index"])
        cluster[kind][index]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UsageError(
            'TF_CONFIG: expected {"cluster": {"worker": ["host:port", ...]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from error
    workers = len(cluster.get("chief", [])) + len(cluster.get("worker", []))
    chief = kind == "chief" or ("chief" not in cluster and (kind, index) == ("worker", 0))
    return workers, chief


def workers() -> int:
    """Number of workers, see `place`."""
    return place()[0]


def is_chief() -> bool:
    """Whether this worker writes, see `place`."""
    return place()[1]
