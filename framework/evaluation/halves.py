"""With `--keep_best` one half of the held-out images chooses the checkpoint, the other measures it.

A checkpoint that is the best for some images looks better on these than on new images. The same is
true of samples, and so evaluations during training also draw other samples than the final one.
"""

from dataclasses import replace

from framework.data import Clips, Data, Domain, storage
from framework.evaluation.evaluation import Metrics
from framework.options.base import Options

CHOOSING, MEASURING = slice(0, None, 2), slice(1, None, 2)  # of the held-out images of each domain
DRAW = 4  # `Subject.draw` of evaluations during training with --keep_best
PROTOCOL = "held-out images with odd numbers (--keep_best chose by those with even numbers)"


def to_choose(options: Options, data: Data) -> Data:
    """Returns the data with the held-out images of evaluations during training."""
    return _half(data, CHOOSING) if options.keep_best else data


def to_measure(options: Options, data: Data) -> Data:
    """Returns the data with the held-out images of the final evaluation."""
    return _half(data, MEASURING) if options.keep_best else data


def explained(options: Options, metrics: Metrics) -> Metrics:
    """Returns the metrics of the final evaluation; with --keep_best their protocols say it."""
    if not options.keep_best:
        return metrics
    return {
        name: metric
        if name.endswith("_seen")  # of training images
        else metric | {"protocol": f"{PROTOCOL}; {metric['protocol']}".rstrip("; ")}
        for name, metric in metrics.items()
    }


def _half(data: Data, rows: slice) -> Data:
    domains = tuple(_half_of(domain, rows) for domain in data.domains)
    clips = data.clips
    if clips:
        voice = None if clips.voice is None else clips.voice[rows]
        clips = Clips(clips.mixture[rows], voice)
    return replace(data, domains=domains, clips=clips)


def _half_of(domain: Domain, rows: slice) -> Domain:
    labels = None if domain.test_labels is None else domain.test_labels[rows]
    images = storage.select(domain.test_images, rows)
    return replace(domain, test_images=images, test_labels=labels)
